create extension if not exists "uuid-ossp";
create schema sales;
create type status as enum ('open', 'closed');
create type mood as enum ('sad', 'ok', 'happy');
create table authors (
  id bigserial primary key,
  name text not null,
  bio text,
  email text unique,
  age int not null default 0,
  tags text[] not null default '{}',
  settings jsonb,
  parent_id bigint references authors,
  updated_at timestamptz not null default now()
);
create table books (
  id uuid primary key default gen_random_uuid(),
  author_id bigint not null references authors,
  isbn text not null,
  title text not null,
  book_type text not null default '',
  yr int not null default 2000,
  available timestamptz not null default now(),
  price numeric(10, 2) not null default 0,
  search tsvector,
  unique (author_id, title)
);
create table students (id bigserial primary key, name text not null, age int);
create table test_scores (student_id bigint not null references students, score int not null, grade text);
create table jobs (
  id bigserial primary key,
  kind text not null,
  payload json,
  state status not null default 'open',
  run_at timestamptz not null default now(),
  locked_by text
);
create table sales.orders (id bigserial primary key, customer text not null, region text not null, amount numeric not null, placed date not null);
create table sales."Line Items" ("orderId" bigint not null references sales.orders, sku text not null, quantity int not null);
create table archived_orders (like sales.orders);
create view author_books as select a.id, a.name, count(b.id) as books from authors a left join books b on b.author_id = a.id group by a.id;
create materialized view region_totals as select region, sum(amount) as total from sales.orders group by region;
create function add_one(n int) returns int language sql immutable as 'select n + 1';
create procedure close_jobs(k text) language sql as 'update jobs set state = ''closed'' where kind = k';
