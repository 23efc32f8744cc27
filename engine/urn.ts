// A resource's name for ever: urn:pulumi:<stack>::<project>::<types of the parents>$<type>::<name>.

/** The type of the resource that every program has at its root. */
export const stackType = "pulumi:pulumi:Stack";

/** Makes the URN of a resource below a parent. The root and its children carry no parent types. */
export function makeUrn(stack: string, project: string, type: string, name: string, parent?: string): string {
  const parentTypes = parent === undefined ? "" : qualifiedType(parent);
  const types = parentTypes === "" || parentTypes === stackType ? type : `${parentTypes}$${type}`;
  return `urn:pulumi:${stack}::${project}::${types}::${name}`;
}

function parts(urn: string): { types: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { types, name: name.join("::") };
}

/** The types from the outermost parent to the resource, joined by `$`. */
export const qualifiedType = (urn: string): string => parts(urn).types;
/** The resource's own type. */
export const typeOf = (urn: string): string => qualifiedType(urn).split("$").at(-1) ?? "";
/** The resource's name in the program. */
export const nameOf = (urn: string): string => parts(urn).name;

/** The package of a type token: `tls` of `tls:index/privateKey:PrivateKey`. */
export const packageOf = (type: string): string => type.split(":")[0] ?? "";

/** A provider reference, `<urn>::<id>`, taken apart. */
export function parseReference(reference: string): { urn: string; id: string } {
  const cut = reference.lastIndexOf("::");
  return { urn: reference.slice(0, cut), id: reference.slice(cut + 2) };
}

/** What alias a program may give: the parts that differ from the resource's own, or a whole URN. */
export interface Alias {
  urn?: string;
  name?: string;
  type?: string;
  stack?: string;
  project?: string;
  /** The former parent's URN; null for none. */
  parent?: string | null;
}

/** Where a resource belongs. */
export interface Place {
  stack: string;
  project: string;
  type: string;
  name: string;
  parent?: string;
}

/**
 * Every URN that the resource may have had, in the order in which the real engine tries them. `aliased` tells the former URN of
 * a parent that was found under an alias: children move with it, and a child named after its parent by prefix is renamed too.
 */
export function formerUrns(place: Place, aliases: readonly Alias[], aliased: ReadonlyMap<string, string>): string[] {
  const own = aliases.map((alias) => {
    if (alias.urn !== undefined) return alias.urn;
    const parent = alias.parent === undefined ? place.parent : (alias.parent ?? undefined);
    const former = parent !== undefined && alias.parent ? (aliased.get(parent) ?? parent) : parent;
    const { stack, project, type, name } = { ...place, ...withoutUndefined(alias) };
    return makeUrn(stack, project, type, name, former);
  });
  const formerParent = place.parent === undefined ? undefined : aliased.get(place.parent);
  if (place.parent === undefined || formerParent === undefined) return [...new Set(own)];
  const parentName = nameOf(place.parent);
  const inherited = (type: string, name: string) => {
    const formerName = name.startsWith(parentName) ? nameOf(formerParent) + name.slice(parentName.length) : name;
    return makeUrn(place.stack, place.project, type, formerName, formerParent);
  };
  return [...new Set([...own, inherited(place.type, place.name), ...own.map((urn) => inherited(typeOf(urn), nameOf(urn)))])];
}

function withoutUndefined(alias: Alias): { stack?: string; project?: string; type?: string; name?: string } {
  const { stack, project, type, name } = alias;
  return Object.fromEntries(Object.entries({ stack, project, type, name }).filter(([, value]) => value !== undefined));
}
