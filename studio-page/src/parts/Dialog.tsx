/** A dialogue over the page; Escape closes it and the focus returns to where it was. */

import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useText } from "../text";
import { Notices } from "./Notices";

export function Dialog({ title, wide = false, onClose, children }: { title: string; wide?: boolean; onClose: () => void; children: ReactNode }) {
  const text = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the element is taken away: only what is closed gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? "wide" : ""}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" className="plain" onClick={onClose}>
          {text.shell.close}
        </button>
      </header>
      {children}
      <Notices />
    </dialog>
  );
}
