/** Where the focus goes when what had it is taken away by its own doing. */

/** To what `find` finds once the page is drawn; only if the focus was lost, not if it has gone on by itself. */
export function refocus(find: () => Element | null | undefined): void {
  requestAnimationFrame(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const found = find();
    if (found instanceof HTMLElement) found.focus();
  });
}
