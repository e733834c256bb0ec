/** A menu that opens below its button. */

/** The focus does not stay on what is hidden then. */
export function closeMenu(menu: HTMLDetailsElement): void {
  const within = menu.contains(document.activeElement);
  menu.open = false;
  if (within) menu.querySelector("summary")?.focus();
}
