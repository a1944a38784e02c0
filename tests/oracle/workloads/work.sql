-- SPDX-License-Identifier: Apache-2.0
-- A few thousand rows, indexes, joins, groups, text and JSON functions.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind INTEGER, price REAL, note TEXT);
CREATE TABLE kind(id INTEGER PRIMARY KEY, label TEXT UNIQUE);
CREATE INDEX item_kind ON item(kind, price);
CREATE INDEX item_name ON item(name COLLATE NOCASE);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
  INSERT INTO kind SELECT i, 'kind ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
  INSERT INTO item SELECT i, 'item ' || ((i * 7919) % 6007), 1 + i % 40, (i * 31 % 997) / 10.0,
    substr('the quick brown fox jumps over the lazy dog', 1 + i % 20, 5 + i % 15) FROM n;
COMMIT;
ANALYZE;
SELECT label, count(*), round(avg(price), 3), group_concat(name, ',') FROM item JOIN kind ON kind.id = item.kind
  WHERE price < 20 GROUP BY label ORDER BY label;
SELECT name, note FROM item WHERE name LIKE 'item 12%' ORDER BY note, name LIMIT 30;
CREATE VIEW dear AS SELECT * FROM item WHERE price > 90;
SELECT count(*), sum(length(note)) FROM dear;
UPDATE item SET note = upper(note) || printf('%08.3f', price) WHERE id % 3 = 0;
DELETE FROM item WHERE id % 7 = 0;
SELECT json_group_array(json_object('id', id, 'name', name)) FROM (SELECT * FROM item ORDER BY id LIMIT 500);
WITH j(x) AS (SELECT json_group_array(name) FROM item)
  SELECT count(DISTINCT value) FROM j, json_each(j.x);
SELECT a.kind, count(*) FROM item a JOIN item b ON a.kind = b.kind AND a.price < b.price GROUP BY 1 ORDER BY 1 LIMIT 5;
CREATE TRIGGER gone AFTER DELETE ON kind BEGIN DELETE FROM item WHERE kind = old.id; END;
DELETE FROM kind WHERE id > 30;
VACUUM;
PRAGMA integrity_check;
SELECT no_such_function(1);
