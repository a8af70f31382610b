"""What the REST interface answers, one module a subject: requests become fields or failures, nothing is rendered."""
