import { EntitySchema } from 'typeorm'

const id = { type: 'int', primary: true, generated: 'increment' }

export const User = new EntitySchema({
  name: 'User',
  columns: {
    id,
    firstName: { type: 'varchar' },
    lastName: { type: 'varchar', nullable: true },
    email: { type: 'varchar', unique: true },
    age: { type: 'int', default: 0 },
    isActive: { type: 'boolean', default: true },
    roles: { type: 'text', array: true, default: '{}' },
    settings: { type: 'jsonb', nullable: true },
    password: { type: 'varchar', select: false, nullable: true },
    createdAt: { type: 'timestamptz', createDate: true },
    updatedAt: { type: 'timestamptz', updateDate: true },
    deletedAt: { type: 'timestamptz', deleteDate: true, nullable: true },
    version: { type: 'int', version: true },
  },
  relations: {
    profile: { type: 'one-to-one', target: 'Profile', joinColumn: true, cascade: true, nullable: true },
    photos: { type: 'one-to-many', target: 'Photo', inverseSide: 'user', cascade: ['insert'] },
    questions: { type: 'one-to-many', target: 'Question', inverseSide: 'author' },
  },
})

export const Profile = new EntitySchema({
  name: 'Profile',
  tableName: 'user_profile',
  columns: { id, gender: { type: 'varchar', nullable: true }, bio: { type: 'text', nullable: true } },
  relations: { user: { type: 'one-to-one', target: 'User', inverseSide: 'profile' } },
})

export const Photo = new EntitySchema({
  name: 'Photo',
  tableName: 'photos',
  schema: 'media',
  columns: {
    id,
    url: { type: 'varchar' },
    views: { type: 'int', default: 0 },
    takenOn: { type: 'date', nullable: true },
  },
  relations: {
    user: { type: 'many-to-one', target: 'User', inverseSide: 'photos', onDelete: 'CASCADE', joinColumn: true },
    album: { type: 'many-to-one', target: 'Album', eager: true, nullable: true, joinColumn: true },
  },
})

export const Album = new EntitySchema({ name: 'Album', schema: 'media', columns: { id, title: { type: 'varchar' } } })

export const Question = new EntitySchema({
  name: 'Question',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    title: { type: 'varchar' },
    text: { type: 'text' },
  },
  relations: {
    author: {
      type: 'many-to-one',
      target: 'User',
      inverseSide: 'questions',
      lazy: false,
      joinColumn: { name: 'author_id' },
    },
    categories: { type: 'many-to-many', target: 'Category', joinTable: true, cascade: true, inverseSide: 'questions' },
  },
})

export const Category = new EntitySchema({
  name: 'Category',
  columns: { id, name: { type: 'varchar' } },
  relations: { questions: { type: 'many-to-many', target: 'Question', inverseSide: 'categories' } },
})

export const Folder = new EntitySchema({
  name: 'Folder',
  columns: { id, name: { type: 'varchar' } },
  trees: [{ type: 'closure-table' }],
  relations: {
    parent: { type: 'many-to-one', target: 'Folder', treeParent: true, inverseSide: 'children', nullable: true },
    children: { type: 'one-to-many', target: 'Folder', treeChildren: true, inverseSide: 'parent', cascade: true },
  },
})

export const ActiveUser = new EntitySchema({
  name: 'ActiveUser',
  type: 'view',
  expression: 'SELECT "id", "firstName" AS "name" FROM "user" WHERE "isActive"',
  columns: { id: { type: 'int', primary: true }, name: { type: 'varchar' } },
})

export const entities = [User, Profile, Photo, Album, Question, Category, Folder, ActiveUser]
