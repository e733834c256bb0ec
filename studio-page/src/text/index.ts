/** The chosen language, remembered. */

import { useSyncExternalStore } from "react";
import { en, type Text } from "./en";
import { zh } from "./zh";

export type { Text } from "./en";
export { called, lookName, partName } from "./names";

export const languages = { en, zh } as const;
export type Language = keyof typeof languages;

const KEY = "muslin.language";
const listeners = new Set<() => void>();
let chosen: Language = remembered();

function remembered(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function setLanguage(language: Language): void {
  chosen = language;
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const listener of listeners) listener();
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}

/** The words of the chosen language. */
export function useText(): Text {
  return languages[useLanguage()];
}

setLanguage(chosen);
