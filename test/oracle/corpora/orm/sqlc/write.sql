-- name: CreateAuthor :one
INSERT INTO authors (
  name, bio
) VALUES (
  $1, $2
)
RETURNING id, name, bio, email, age, tags, settings, parent_id, updated_at;

-- name: CreateAuthorExec :execresult
INSERT INTO authors (name) VALUES ($1);

-- name: CreateManyByUnnest :exec
INSERT INTO authors (name, age) SELECT unnest($1::text[]) AS name, unnest($2::int[]) AS age;

-- name: CreateAuthorBatch :batchone
INSERT INTO authors (name, bio) VALUES ($1, $2) RETURNING id;

-- name: CreateDefault :one
INSERT INTO students DEFAULT VALUES RETURNING id;

-- name: UpsertAuthor :one
INSERT INTO authors (email, name) VALUES ($1, $2)
ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, updated_at = now()
WHERE authors.name IS DISTINCT FROM EXCLUDED.name
RETURNING id, (xmax = 0) AS inserted;

-- name: InsertIgnore :exec
INSERT INTO authors (email, name) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: UpsertOnConstraint :exec
INSERT INTO books AS b (author_id, isbn, title) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT books_author_id_title_key DO UPDATE SET yr = b.yr + 1;

-- name: InsertFromSelect :execrows
INSERT INTO archived_orders SELECT id, customer, region, amount, placed FROM sales.orders WHERE placed < $1;

-- name: InsertWithSubqueries :exec
INSERT INTO books (author_id, isbn, title) VALUES ((SELECT id FROM authors WHERE email = $1), $2, COALESCE($3, 'Untitled'));

-- name: UpdateAuthor :exec
UPDATE authors
  set name = $2,
  bio = $3
WHERE id = $1;

-- name: UpdateAuthorOptional :one
UPDATE authors
SET
  name = COALESCE($1, name),
  bio = CASE WHEN $2::boolean THEN $3 ELSE bio END
WHERE id = $4
RETURNING id, name, bio;

-- name: UpdateTuple :exec
UPDATE books SET (title, yr) = (SELECT name, age FROM authors WHERE authors.id = books.author_id) WHERE isbn = $1;

-- name: UpdateFrom :execrows
UPDATE books b SET price = b.price * 2 FROM authors a JOIN students s ON s.name = a.name WHERE a.id = b.author_id AND a.age > $1;

-- name: UpdateManyByUnnest :exec
UPDATE authors SET age = u.age FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::int[]) AS age) AS u WHERE authors.id = u.id;

-- name: ClaimJobs :many
UPDATE jobs SET state = 'closed', locked_by = $1
WHERE id IN (SELECT id FROM jobs WHERE state = 'open' ORDER BY run_at FOR UPDATE SKIP LOCKED LIMIT $2)
RETURNING id, kind, payload;

-- name: DeleteAuthor :exec
DELETE FROM authors
WHERE id = $1;

-- name: DeleteReturning :many
DELETE FROM jobs WHERE state = 'closed' AND run_at < now() - interval '30 days' RETURNING id;

-- name: DeleteUsing :execrows
DELETE FROM books USING authors WHERE books.author_id = authors.id AND authors.age > $1;

-- name: DeleteBatch :batchexec
DELETE FROM books WHERE id = $1;

-- name: ArchiveOrders :execrows
WITH moved AS (
  DELETE FROM sales.orders WHERE placed < $1 RETURNING id, customer, region, amount, placed
)
INSERT INTO archived_orders SELECT id, customer, region, amount, placed FROM moved;

-- name: CreateAuthorWithBook :one
WITH a AS (
  INSERT INTO authors (name) VALUES ($1) RETURNING id
), b AS (
  INSERT INTO books (author_id, isbn, title) SELECT a.id, $2, $3 FROM a RETURNING id, author_id
)
SELECT b.id, b.author_id FROM b;

-- name: TouchAndCount :one
WITH touched AS (UPDATE authors SET updated_at = now() WHERE id = $1 RETURNING id)
SELECT count(*) FROM touched, students;

-- name: MergeStudents :exec
MERGE INTO students s USING (SELECT name, age FROM authors) a ON a.name = s.name
WHEN MATCHED AND a.age > 90 THEN DELETE
WHEN MATCHED THEN UPDATE SET age = a.age
WHEN NOT MATCHED THEN INSERT (name, age) VALUES (a.name, a.age);

-- name: TruncateScores :exec
TRUNCATE test_scores RESTART IDENTITY;

-- name: RefreshTotals :exec
REFRESH MATERIALIZED VIEW CONCURRENTLY region_totals;

-- name: CloseJobs :exec
CALL close_jobs($1);

-- name: SetTenant :exec
SELECT set_config('app.tenant', $1, true);

-- name: LockTable :exec
LOCK TABLE jobs IN EXCLUSIVE MODE;

-- name: DropTemp :exec
DROP TABLE IF EXISTS scratch;
