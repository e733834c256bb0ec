/** Changes of one thing go to the service one after another: two on their way at once may arrive the other way round. */

export type Send<V> = (key: string, values: V, last: () => boolean) => Promise<unknown>;

/** `send` is called for one change of a key at a time; what was overtaken while it waited goes along with what overtook it. */
export function inTurn<V extends object>(send: Send<V>): (key: string, values: V) => Promise<void> {
  const waiting = new Map<string, V>();
  const busy = new Set<string>();
  return async (key, values) => {
    waiting.set(key, { ...waiting.get(key), ...values } as V);
    if (busy.has(key)) return;
    busy.add(key);
    try {
      for (let next = waiting.get(key); next; next = waiting.get(key)) {
        waiting.delete(key);
        await send(key, next, () => !waiting.has(key));
      }
    } finally {
      busy.delete(key);
    }
  };
}
