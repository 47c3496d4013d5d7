create schema shop;
create type "Role" as enum ('USER', 'ADMIN');
create table "User" (
  "id" serial primary key,
  "email" text not null unique,
  "name" text,
  "role" "Role" not null default 'USER',
  "age" integer not null default 0,
  "tags" text[],
  "settings" jsonb,
  "createdAt" timestamp(3) not null default current_timestamp,
  unique ("name", "age")
);
create table "Profile" (
  "id" serial primary key,
  "bio" text,
  "userId" integer not null unique references "User" on delete cascade
);
create table "posts" (
  "id" uuid primary key,
  "title" text not null,
  "body" text,
  "published" boolean not null default false,
  "views" integer not null default 0,
  "updated_at" timestamp(3) not null,
  "author_id" integer references "User" on delete set null
);
create table "Category" ("id" serial primary key, "name" text not null);
create table "Comment" (
  "id" bigserial primary key,
  "text" text not null,
  "postId" uuid not null references "posts",
  "authorId" integer not null references "User",
  "replyTo" bigint references "Comment"
);
create table "_CategoryToPost" (
  "A" integer not null references "Category" on delete cascade,
  "B" uuid not null references "posts" on delete cascade,
  primary key ("A", "B")
);
create table "_friends" (
  "A" integer not null references "User" on delete cascade,
  "B" integer not null references "User" on delete cascade,
  primary key ("A", "B")
);
create table shop."Order Lines" (
  "year" integer not null,
  "number" integer not null,
  "total" decimal(65, 30) not null,
  "region" text not null,
  "userId" integer not null references "User",
  primary key ("year", "number")
);
create view "UserInfo" as select u."id", u."email", p."bio" from "User" u left join "Profile" p on p."userId" = u."id";
insert into "User" ("email", "name", "age", "tags") values ('ann@example.com', 'Ann', 30, '{a,b}'), ('bob@example.com', 'Bob', 40, '{}');
insert into "Profile" ("bio", "userId") values ('Hello', 1);
insert into "posts" ("id", "title", "body", "updated_at", "author_id")
  select md5(n::text)::uuid, 'Post ' || n, 'About ' || n, timestamp '2026-01-01', 1 + n % 2 from generate_series(1, 6) as n;
insert into "Category" ("name") values ('cats'), ('dogs');
insert into "Comment" ("text", "postId", "authorId") select 'Nice', "id", 2 from "posts" order by "id";
insert into "_CategoryToPost" select 1, "id" from "posts";
insert into "_friends" values (1, 2);
insert into shop."Order Lines" values (2026, 1, 9.5, 'north', 1), (2026, 2, 3.5, 'south', 2);
