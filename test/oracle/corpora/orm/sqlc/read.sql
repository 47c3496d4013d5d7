-- name: GetAuthor :one
SELECT id, name, bio, email, age, tags, settings, parent_id, updated_at FROM authors
WHERE id = $1 LIMIT 1;

-- name: ListAuthors :many
SELECT id, name, bio, email, age, tags, settings, parent_id, updated_at FROM authors
ORDER BY name;

-- name: ListAuthorNames :many
SELECT name FROM authors ORDER BY name DESC NULLS LAST;

-- name: GetAuthorByEmail :one
SELECT id, name FROM authors WHERE lower(email) = lower($1::text);

-- name: ListAuthorsByIDs :many
SELECT id, name, bio FROM authors
WHERE id = ANY($1::bigint[]);

-- name: ListAuthorsExcept :many
SELECT id FROM authors WHERE id <> ALL($1::bigint[]) AND NOT (name = ANY('{x,y}'::text[]));

-- name: SearchAuthors :many
SELECT id, name FROM authors
WHERE name ILIKE '%' || $1::text || '%'
  AND ($2::int IS NULL OR age >= $2)
  AND (CASE WHEN $3::bool THEN bio IS NOT NULL ELSE TRUE END)
ORDER BY
  CASE WHEN $4::text = 'name_asc' THEN name END ASC,
  CASE WHEN $4 = 'name_desc' THEN name END DESC,
  id
LIMIT $6 OFFSET $5;

-- name: ListAuthorsOptional :many
SELECT id, name FROM authors
WHERE name = COALESCE($1, name) AND age BETWEEN COALESCE($2::int, 0) AND COALESCE($3::int, 200);

-- name: ListAuthorsAfter :many
SELECT id, name, updated_at FROM authors
WHERE (updated_at, id) < ($1::timestamptz, $2::bigint)
ORDER BY updated_at DESC, id DESC
FETCH FIRST $3 ROWS ONLY;

-- name: CountAuthors :one
SELECT count(*) FROM authors;

-- name: CountAuthorsBySize :many
SELECT length(name) AS size, count(*)::int AS n FROM authors GROUP BY size HAVING count(*) > $1::int ORDER BY 1;

-- name: ListAuthorsPaged :many
SELECT id, name, count(*) OVER () AS total FROM authors ORDER BY id LIMIT $1 OFFSET $2;

-- name: ScoreAndStudents :many
SELECT students.id, students.name, students.age, test_scores.student_id, test_scores.score, test_scores.grade
FROM students
JOIN test_scores ON test_scores.student_id = students.id
WHERE students.id = $1;

-- name: StudentsWithoutScores :many
SELECT s.id, s.name FROM students s
LEFT JOIN test_scores t ON t.student_id = s.id
WHERE t.student_id IS NULL;

-- name: BooksByTags :many
SELECT
  b.id, b.title,
  authors.name AS author_name,
  b.isbn
FROM books b
LEFT JOIN authors ON b.author_id = authors.id
WHERE authors.tags && $1::text[];

-- name: FullJoin :many
SELECT a.name, b.title FROM authors a FULL OUTER JOIN books b ON b.author_id = a.id;

-- name: NaturalAndUsing :many
SELECT name, score, kind FROM students NATURAL JOIN authors CROSS JOIN test_scores INNER JOIN jobs USING (id);

-- name: LateralJoin :many
SELECT a.id, a.name, latest.title
FROM authors a
CROSS JOIN LATERAL (SELECT b.title FROM books b WHERE b.author_id = a.id ORDER BY b.yr DESC LIMIT 3) latest;

-- name: SelfJoin :many
SELECT child.name, parent.name AS parent_name FROM authors child JOIN authors parent ON parent.id = child.parent_id;

-- name: ImplicitJoin :many
SELECT a.name, b.title FROM authors AS a, books AS b WHERE b.author_id = a.id;

-- name: OtherSchema :many
SELECT o.id, o.customer, i.sku FROM sales.orders o JOIN sales."Line Items" i ON i."orderId" = o.id;

-- name: FromView :many
SELECT id, name, books FROM author_books WHERE books > $1;

-- name: FromMaterializedView :many
SELECT region, total FROM region_totals;

-- name: ExistsBook :one
SELECT EXISTS (SELECT 1 FROM books WHERE isbn = $1);

-- name: NotExists :many
SELECT id FROM authors a WHERE NOT EXISTS (SELECT FROM books b WHERE b.author_id = a.id);

-- name: InSubquery :many
SELECT title FROM books WHERE author_id IN (SELECT id FROM authors WHERE age > $1);

-- name: ScalarSubquery :many
SELECT name, (SELECT max(yr) FROM books WHERE books.author_id = authors.id)::int AS last_year FROM authors;

-- name: AboveAverage :many
SELECT id, price FROM books WHERE price > (SELECT avg(price) FROM books);

-- name: AnySubquery :many
SELECT id FROM books WHERE price >= ALL (SELECT price FROM books WHERE yr = $1) OR yr = ANY (SELECT age FROM authors);

-- name: FromSubquery :many
SELECT t.name, t.n FROM (SELECT name, count(*) AS n FROM authors GROUP BY name) AS t WHERE t.n > 1;

-- name: Unions :many
SELECT name FROM authors UNION SELECT name FROM students ORDER BY name LIMIT $1;

-- name: UnionAllOfValues :many
SELECT id, name FROM students UNION ALL VALUES (0::bigint, 'nobody'::text);

-- name: IntersectExcept :many
(SELECT name FROM authors INTERSECT SELECT name FROM students) EXCEPT SELECT kind FROM jobs;

-- name: WithQuery :many
WITH old AS (SELECT id, name FROM authors WHERE age > 60), books_of AS (SELECT author_id FROM books)
SELECT old.name FROM old JOIN books_of ON books_of.author_id = old.id;

-- name: WithRecursive :many
WITH RECURSIVE chain AS (
  SELECT id, name, parent_id, 1 AS depth FROM authors WHERE authors.id = $1
  UNION ALL
  SELECT a.id, a.name, a.parent_id, c.depth + 1 FROM authors a JOIN chain c ON c.parent_id = a.id
)
SELECT id, name, parent_id, depth FROM chain;

-- name: WithMaterialized :one
WITH totals AS MATERIALIZED (SELECT region, sum(amount) AS total FROM sales.orders GROUP BY region)
SELECT max(total)::numeric FROM totals;

-- name: WindowFunctions :many
SELECT
  region,
  rank() OVER (PARTITION BY region ORDER BY amount DESC) AS r,
  sum(amount) OVER w AS running,
  lag(amount, 1, 0) OVER w AS previous,
  first_value(amount) OVER (ORDER BY placed RANGE BETWEEN '7 days'::interval PRECEDING AND CURRENT ROW) AS first
FROM sales.orders
WINDOW w AS (PARTITION BY customer ORDER BY placed ROWS UNBOUNDED PRECEDING);

-- name: GroupingSets :many
SELECT region, customer, sum(amount), grouping(region) FROM sales.orders GROUP BY GROUPING SETS ((region, customer), (region), ());

-- name: CubeAndRollup :many
SELECT region, customer, count(*) FROM sales.orders GROUP BY CUBE (region), ROLLUP (customer);

-- name: Filters :one
SELECT
  count(*) FILTER (WHERE state = 'open') AS open,
  count(*) FILTER (WHERE state = $1::status) AS asked,
  bool_and(locked_by IS NULL) AS free,
  string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds
FROM jobs;

-- name: Percentile :one
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount)::float8 AS median, mode() WITHIN GROUP (ORDER BY region) FROM sales.orders;

-- name: DistinctOn :many
SELECT DISTINCT ON (author_id) author_id, title FROM books ORDER BY author_id, yr DESC;

-- name: JsonOperators :many
SELECT settings->>'theme' AS theme, settings#>'{a,0}' AS deep FROM authors
WHERE settings @> $1::jsonb AND settings ? 'theme' AND settings->'size' > '5'::jsonb AND settings @? '$.a[*]';

-- name: JsonAggregation :many
SELECT a.id, COALESCE(json_agg(json_build_object('id', b.id, 'title', b.title)) FILTER (WHERE b.id IS NOT NULL), '[]')::json AS books
FROM authors a LEFT JOIN books b ON b.author_id = a.id GROUP BY a.id;

-- name: JsonElements :many
SELECT e.value->>'k' AS k FROM authors, jsonb_array_elements(settings->'list') WITH ORDINALITY AS e(value, n);

-- name: FullTextSearch :many
SELECT id, title, ts_rank(search, query) AS rank
FROM books, websearch_to_tsquery('english', $1) query
WHERE search @@ query ORDER BY rank DESC;

-- name: ArrayFunctions :many
SELECT id, array_length(tags, 1), tags[1], tags[1:2], unnest(tags) AS tag, cardinality(ARRAY[1, 2]) FROM authors WHERE 'go' = ANY(tags);

-- name: UnnestJoin :many
SELECT a.id, a.name FROM authors a JOIN unnest($1::bigint[], $2::text[]) AS t(id, name) ON t.id = a.id AND t.name = a.name;

-- name: Casts :one
SELECT $1::int + 1 AS n, CAST($2 AS text) AS t, 'ok'::mood AS m, '2026-01-01'::date AS d, interval '1 day' AS i, x::text FROM (SELECT 1 AS x) q;

-- name: Extracts :many
SELECT extract(year FROM placed) AS y, date_trunc('month', placed)::date AS m, to_char(placed, 'YYYY-MM') AS s,
  substring(customer FROM 1 FOR 3), trim(BOTH ' ' FROM region), overlay(region PLACING 'x' FROM 1), position('a' IN region)
FROM sales.orders WHERE (placed, placed) OVERLAPS (date '2026-01-01', date '2026-02-01');

-- name: TimeZones :many
SELECT updated_at AT TIME ZONE 'UTC' AS at FROM authors WHERE updated_at > $1::timestamptz - interval '1 hour' * $2::int;

-- name: IsDistinct :many
SELECT id FROM authors WHERE bio IS DISTINCT FROM $1 AND name SIMILAR TO 'A%' AND name COLLATE "C" > 'a' AND (age, name) IS NOT NULL;

-- name: NullsAndGreatest :many
SELECT NULLIF(name, ''), GREATEST(age, 1), LEAST(age, 9), COALESCE(bio, name) FROM authors;

-- name: OwnFunction :one
SELECT add_one($1);

-- name: NamedArguments :one
SELECT make_interval(days => $1::int, hours => 2);

-- name: GenerateSeries :many
SELECT g::date AS day, count(o.id) FROM generate_series($1::timestamptz, $2::timestamptz, '1 day') AS g
LEFT JOIN sales.orders o ON o.placed = g::date GROUP BY g;

-- name: ValuesList :many
SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) AS v (a, b);

-- name: TableCommand :many
TABLE students;

-- name: Sampled :many
SELECT id FROM books TABLESAMPLE SYSTEM (10);

-- name: RecentJobs :many
SELECT id FROM jobs WHERE run_at < now() AND run_at > CURRENT_TIMESTAMP - interval '1 day';

-- name: TodaysOrders :many
SELECT id FROM sales.orders WHERE placed = CURRENT_DATE;

-- name: WhoAmI :one
SELECT current_user, current_setting('app.tenant', true);

-- name: NextJob :one
SELECT id, kind, payload FROM jobs WHERE state = 'open' ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: LockAuthor :one
SELECT id FROM authors WHERE id = $1 FOR NO KEY UPDATE OF authors NOWAIT;

-- name: AdvisoryLock :exec
SELECT pg_advisory_xact_lock($1);

-- name: Notify :exec
SELECT pg_notify('jobs', $1);
