/** Lists that come from the service while the designer goes on. */

/** `listed`, with what was added, changed or taken away on the page while it came: `before` and `present` are the page's
 * own list when it was asked for and now. Objects are replaced when they change. */
export function caughtUp<T extends { id: string }>(listed: T[], before: T[], present: T[]): T[] {
  const ids = (items: T[]) => new Set(items.map((item) => item.id));
  const [known, here] = [ids(listed), ids(present)];
  const fresh = new Map(present.filter((item) => !before.includes(item)).map((item) => [item.id, item]));
  const gone = new Set(before.map((item) => item.id).filter((id) => !here.has(id)));
  const added = [...fresh.values()].filter((item) => !known.has(item.id));
  return [...added, ...listed.filter((item) => !gone.has(item.id)).map((item) => fresh.get(item.id) ?? item)];
}
