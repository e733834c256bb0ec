/** Sentences of the engine in the page's language, as far as it knows them. */

import type { Text } from ".";

const patterns = new Map<string, RegExp>();

/** `{}` in a known sentence stands for anything; in its translation for the same things, translated where they are known, in their
 * order or by their number (`{1}` is the second). What is not known is said as it came. */
export function translated(sentence: string, text: Pick<Text, "engine">): string {
  for (const [known, words] of Object.entries(text.engine)) {
    const found = patternOf(known).exec(sentence);
    if (!found) continue;
    const parts = found.slice(1).map((part) => translated(part, text));
    return joined(words.replace(/\{(\d*)\}/g, (_, place) => (place ? parts[Number(place)] : parts.shift()) ?? ""));
  }
  return sentence;
}

const HAN = "[\\u3000-\\u30ff\\u3400-\\u9fff\\uff00-\\uffef]";
const BETWEEN = new RegExp(`(?<=${HAN}) +(?=${HAN})`, "g");

/** A space stands beside a Latin name or a number, not between two Chinese words. */
const joined = (words: string) => words.replace(BETWEEN, "");

function patternOf(known: string): RegExp {
  let pattern = patterns.get(known);
  if (!pattern) {
    const parts = known.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    pattern = new RegExp(`^${parts.join("(.+?)")}$`, "s");
    patterns.set(known, pattern);
  }
  return pattern;
}
