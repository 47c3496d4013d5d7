/**
 * The server's own relations: the schema may be cached, since DDL invalidates it; what the server does may not.
 * @module
 */

/** Every read of the schema depends on this name, and all DDL changes it. */
export const SCHEMA_NAME = 'pg_catalog.pg_class'

/** System catalogs and views that only DDL changes, and those few figures in them that VACUUM and ANALYZE keep up. */
const SCHEMA =
  /^pg_(aggregate|am|amop|amproc|attrdef|attribute|auth_members|authid|cast|class|collation|constraint|conversion|database|db_role_setting|default_acl|depend|description|enum|event_trigger|extension|foreign_(data_wrapper|server|table)|group|index|indexes|inherits|init_privs|language|matviews|namespace|opclass|operator|opfamily|parameter_acl|partitioned_table|policies|policy|proc|publication\w*|range|rewrite|roles|rules|seclabels?|sequence|shadow|shdepend|shdescription|shseclabel|statistic_ext|subscription|tables|tablespace|transform|trigger|ts_(config|config_map|dict|parser|template)|type|user|views)$/

/** Functions that read the schema and nothing else. What is populated has the columns of a table. */
export const SCHEMA_FUNCTION =
  /^(format_type|jsonb?_populate_record\w*|(sh)?obj_description|col_description|to_reg(class|collation|namespace|oper(ator)?|proc(edure)?|role|type(mod)?)|regclass|ts_token_type|pg_(basetype|collation_for|column_is_updatable|describe_object|get_(\w+def|expr|acl|function_\w+|object_address|partkeydef|serial_sequence|statisticsobjdef_\w+|userbyid)|identify_object\w*|index(am|_column)?_has_property|\w+_is_visible|options_to_table|partition_root|relation_is_\w+|sequence_parameters))$/

/** `schema`: only DDL changes it. `rights`: likewise, and each sees what he may. `server`: it changes by itself. */
export type Catalog = 'schema' | 'rights' | 'server'

/** What a relation of the server's own is; undefined for others. `schema` as it was written. */
export function catalogOf(schema: string | undefined, name: string): Catalog | undefined {
  if (schema === 'information_schema') return 'rights'
  if (schema === undefined ? !name.startsWith('pg_') : !schema.startsWith('pg_')) return undefined
  return (schema ?? 'pg_catalog') === 'pg_catalog' && SCHEMA.test(name) ? 'schema' : 'server'
}
