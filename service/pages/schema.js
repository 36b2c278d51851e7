/** JSON Schema for people: rows of fields, and an example. */

const DEEPEST = 6;

/** The fields of a schema as rows `{name, depth, kind, required, about}`; a schema without fields is one row. */
export function rowsOf(schema, description, name = "body", depth = 0) {
  const shape = resolved(schema, description);
  const fields = fieldsOf(shape, description);
  if (!fields || depth > DEEPEST) return [{ name, depth, kind: kindOf(shape, description), required: false, about: shape.description }];
  return Object.entries(fields.properties).flatMap(([key, part]) => {
    const inner = resolved(part, description);
    const row = { name: key, depth, kind: kindOf(inner, description), required: fields.required?.includes(key), about: inner.description };
    const nested = fieldsOf(inner, description);
    return nested && depth < DEEPEST ? [row, ...rowsOf(nested, description, key, depth + 1)] : [row];
  });
}

/** A value that follows the schema. */
export function example(schema, description, name = "", depth = 0) {
  const shape = resolved(schema, description);
  if (depth > DEEPEST) return null;
  if (shape.default !== undefined) return shape.default;
  if (shape.enum) return shape.enum[0];
  if (shape.anyOf) return example(shape.anyOf[0], description, name, depth);
  if (shape.type === "object") {
    const wanted = (shape.required ?? []).filter((key) => key in (shape.properties ?? {}));
    return Object.fromEntries(wanted.map((key) => [key, example(shape.properties[key], description, key, depth + 1)]));
  }
  if (shape.type === "array") return [example(shape.items, description, name, depth + 1)];
  if (shape.type === "integer" || shape.type === "number") return Math.max(1, shape.minimum ?? 1);
  if (shape.type === "boolean") return true;
  if (shape.format === "date-time") return new Date().toISOString().replace(/\.\d+/, "");
  return { name: "Example", email: "billing@example.com" }[name] ?? `<${name || "text"}>`;
}

function resolved(schema, description) {
  const name = schema.$ref?.split("/").pop();
  return name ? description.components.schemas[name] : schema;
}

/** The object whose fields are worth listing: the schema itself, or what a list or a nullable holds. */
function fieldsOf(shape, description) {
  if (shape.properties) return shape;
  const inner = shape.items ?? shape.anyOf?.[0];
  return inner ? fieldsOf(resolved(inner, description), description) : null;
}

function kindOf(shape, description) {
  if (shape.anyOf) return shape.anyOf.map((one) => kindOf(resolved(one, description), description)).join(" or ");
  if (shape.enum) return shape.enum.join(" | ");
  if (shape.type === "array") return `list${extent(shape.minItems, shape.maxItems)} of ${kindOf(resolved(shape.items, description), description)}`;
  if (shape.type === "string") return shape.format ?? `text${extent(shape.minLength, shape.maxLength)}`;
  if (shape.type === "integer") return `whole number${extent(shape.minimum, shape.maximum)}`;
  return shape.type ?? "anything";
}

function extent(low, high) {
  if (low === undefined && high === undefined) return "";
  return ` (${low ?? 0} to ${high ?? "…"})`;
}
