/** What a typed number means: nothing while it is unfinished or out of range, and the nearest allowed one once it is left. */

export function whileTyping(typed: string, min: number, max: number): number | null {
  const value = Number(typed);
  return typed.trim() !== "" && Number.isFinite(value) && value >= min && value <= max ? value : null;
}

export function onceLeft(typed: string, min: number, max: number): number | null {
  const value = Number(typed);
  return typed.trim() !== "" && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : null;
}
