PRAGMA application_id = 1919640436;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE accounts (
        scope TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        currency TEXT NOT NULL,
        config TEXT NOT NULL,
        state TEXT NOT NULL,
        checkpoint_ns INTEGER NOT NULL,
        clock_ns INTEGER,
        status TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_ns INTEGER NOT NULL,
        recorded_seq INTEGER NOT NULL,
        mac TEXT NOT NULL);
INSERT INTO "accounts" VALUES('paper:paper:main','margin','USD','{"source":"sim:v1"}','{"n":"0"}',1,NULL,'open',1,1,1,'2a470a358e1a44755ecf4310d862ade6e31f8a3c759b1c70f7754dc650d3e8f8');
CREATE TABLE intents (
        scope TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        key TEXT,
        symbol TEXT NOT NULL,
        request TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        quotes TEXT NOT NULL,
        verdicts TEXT NOT NULL,
        charter_hash TEXT NOT NULL,
        created_ns INTEGER NOT NULL,
        recorded_ns INTEGER NOT NULL,
        state TEXT NOT NULL,
        owner TEXT,
        sent_ns INTEGER,
        answered_ns INTEGER,
        outcome TEXT,
        error TEXT,
        added_seq INTEGER NOT NULL,
        changed_seq INTEGER NOT NULL,
        UNIQUE (scope, number));
INSERT INTO "intents" VALUES('paper:paper:main',1,'entry','rk-1f83d5c7-main-1','k','EUR_USD','{"side":"buy","units":"1000"}','abababababababababababababababababababababababababababababababab','[{"ask":"1.2","bid":"1.1"}]','[{"passed":true,"rule":"1.1"}]','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',10,1700000000000000002,'accepted','me',11,12,'{"filled":"1000","note":"a € \"quote\""}',NULL,2,8);
INSERT INTO "intents" VALUES('practice:oanda:101-004-1-001',1,'entry','rk-1f83d5c7-101-004-1-001-1',NULL,'EUR_USD','{"side":"buy","units":"1000"}','abababababababababababababababababababababababababababababababab','[{"ask":"1.2","bid":"1.1"}]','[{"passed":true,"rule":"1.1"}]','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',20,1700000000000000004,'unknown','me',21,NULL,NULL,'no answer',3,10);
INSERT INTO "intents" VALUES('paper:paper:main',2,'entry','rk-1f83d5c7-main-2',NULL,'EUR_USD','{"side":"buy","units":"1000"}','abababababababababababababababababababababababababababababababab','[{"ask":"1.2","bid":"1.1"}]','[{"passed":true,"rule":"1.1"}]','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',30,1700000000000000006,'refused',NULL,NULL,NULL,NULL,NULL,4,4);
INSERT INTO "intents" VALUES('paper:paper:main',3,'entry','rk-1f83d5c7-main-3',NULL,'EUR_USD','{"side":"buy","units":"1000"}','abababababababababababababababababababababababababababababababab','[{"ask":"1.2","bid":"1.1"}]','[{"passed":true,"rule":"1.1"}]','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',40,1700000000000000008,'intent','me',NULL,NULL,NULL,NULL,5,5);
CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        recorded_ns INTEGER NOT NULL,
        scope TEXT,
        kind TEXT NOT NULL,
        number INTEGER,
        body TEXT NOT NULL,
        mac TEXT NOT NULL);
INSERT INTO "journal" VALUES(1,1700000000000000001,'paper:paper:main','account',NULL,'{"digest":"ffde6d1fb5ffc1c6d1e8d10644771f1c8aaa2f7cef43f524d0cd2a822c22a557","status":"open","version":1}','415c3d5e91aea8c3b124cdf93640c974f6d64070820aec01645d84334ce6df08');
INSERT INTO "journal" VALUES(2,1700000000000000003,'paper:paper:main','intent',1,'{"intent":{"charter_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","client_order_id":"rk-1f83d5c7-main-1","created_ns":10,"key":"k","kind":"entry","number":1,"recorded_ns":1700000000000000002,"request_hash":"abababababababababababababababababababababababababababababababab","scope":"paper:paper:main","symbol":"EUR_USD","request":{"side":"buy","units":"1000"},"quotes":[{"ask":"1.2","bid":"1.1"}],"verdicts":[{"passed":true,"rule":"1.1"}]},"now":{"answered_ns":null,"error":null,"owner":"me","sent_ns":null,"state":"intent","outcome":null}}','b34bc1a8c36279d6488312a9a19d7a2174aa7f8d65274bf9223c60ace4748bc7');
INSERT INTO "journal" VALUES(3,1700000000000000005,'practice:oanda:101-004-1-001','intent',1,'{"intent":{"charter_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","client_order_id":"rk-1f83d5c7-101-004-1-001-1","created_ns":20,"key":null,"kind":"entry","number":1,"recorded_ns":1700000000000000004,"request_hash":"abababababababababababababababababababababababababababababababab","scope":"practice:oanda:101-004-1-001","symbol":"EUR_USD","request":{"side":"buy","units":"1000"},"quotes":[{"ask":"1.2","bid":"1.1"}],"verdicts":[{"passed":true,"rule":"1.1"}]},"now":{"answered_ns":null,"error":null,"owner":"me","sent_ns":null,"state":"intent","outcome":null}}','5516a639edaeb8ff3f471c6727fdec056852a25be3924a1be098f9a47671c16e');
INSERT INTO "journal" VALUES(4,1700000000000000007,'paper:paper:main','intent',2,'{"intent":{"charter_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","client_order_id":"rk-1f83d5c7-main-2","created_ns":30,"key":null,"kind":"entry","number":2,"recorded_ns":1700000000000000006,"request_hash":"abababababababababababababababababababababababababababababababab","scope":"paper:paper:main","symbol":"EUR_USD","request":{"side":"buy","units":"1000"},"quotes":[{"ask":"1.2","bid":"1.1"}],"verdicts":[{"passed":true,"rule":"1.1"}]},"now":{"answered_ns":null,"error":null,"owner":null,"sent_ns":null,"state":"refused","outcome":null}}','6edf9eb8117017adb4ab572bb5e26674d70941fd269e31f1d69a5caf1e38237d');
INSERT INTO "journal" VALUES(5,1700000000000000009,'paper:paper:main','intent',3,'{"intent":{"charter_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","client_order_id":"rk-1f83d5c7-main-3","created_ns":40,"key":null,"kind":"entry","number":3,"recorded_ns":1700000000000000008,"request_hash":"abababababababababababababababababababababababababababababababab","scope":"paper:paper:main","symbol":"EUR_USD","request":{"side":"buy","units":"1000"},"quotes":[{"ask":"1.2","bid":"1.1"}],"verdicts":[{"passed":true,"rule":"1.1"}]},"now":{"answered_ns":null,"error":null,"owner":"me","sent_ns":null,"state":"intent","outcome":null}}','5b44fc0eb3238a1e64d7c79819bcb233e60e22265b9d7abc026d10c541d8acab');
INSERT INTO "journal" VALUES(6,1700000000000000010,'paper:paper:main','intent_changed',1,'{"now":{"answered_ns":null,"error":null,"owner":"me","sent_ns":11,"state":"sent","outcome":null},"was":"intent"}','299563213199aa64fd5ba4bfe3a205a05ed50a5cbcc6214f903e5271eab26aeb');
INSERT INTO "journal" VALUES(7,1700000000000000011,'paper:paper:main','ledger',1,'{"amount":"1.50"}','d40e2c8e8dc7573fb1b5cd6d45c2bc5d87e6cb34f778dd3414fdf2e3ceeeaecf');
INSERT INTO "journal" VALUES(8,1700000000000000012,'paper:paper:main','intent_changed',1,'{"now":{"answered_ns":12,"error":null,"owner":"me","sent_ns":11,"state":"accepted","outcome":{"filled":"1000","note":"a € \"quote\""}},"was":"sent"}','e5394e5aad759f6b2918f719369e099616b656a8d6d4c43e4237530877768ea0');
INSERT INTO "journal" VALUES(9,1700000000000000013,'practice:oanda:101-004-1-001','intent_changed',1,'{"now":{"answered_ns":null,"error":null,"owner":"me","sent_ns":21,"state":"sent","outcome":null},"was":"intent"}','c1f9d97d01c8fc8352ef2d973bfac0aa6c71075cef052506bb73f3ef7801ba95');
INSERT INTO "journal" VALUES(10,1700000000000000014,'practice:oanda:101-004-1-001','intent_changed',1,'{"now":{"answered_ns":null,"error":"no answer","owner":"me","sent_ns":21,"state":"unknown","outcome":null},"was":"sent"}','889607e282765600a255cd0bad874340fa79c95e03910f5fc4ba3cb7f11dcdf9');
INSERT INTO "journal" VALUES(11,1700000000000000016,NULL,'latch_set',NULL,'{"detail":"{}","name":"kill","reason":"by hand","set_ns":50}','98793299c846869b4ce15721f39487420671eb8fb817977a10fe7fa06faf5848');
CREATE TABLE latches (
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        set_ns INTEGER NOT NULL,
        recorded_ns INTEGER NOT NULL,
        recorded_seq INTEGER NOT NULL,
        PRIMARY KEY (scope, name)) WITHOUT ROWID;
INSERT INTO "latches" VALUES('','kill','by hand','{}',50,1700000000000000015,11);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('store_id','1f83d5c7');
CREATE INDEX journal_ledger ON journal (scope) WHERE kind = 'ledger';
CREATE INDEX journal_by_order ON journal (scope, number) WHERE number IS NOT NULL;
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_holds BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE INDEX intents_by_time ON intents (scope, created_ns);
CREATE INDEX intents_by_key ON intents (scope, key) WHERE key IS NOT NULL;
CREATE INDEX intents_open ON intents (scope) WHERE state IN ('intent','sent','unknown');
CREATE TRIGGER intents_hold BEFORE DELETE ON intents
        BEGIN SELECT RAISE(ABORT, 'intents are never deleted'); END;
COMMIT;
