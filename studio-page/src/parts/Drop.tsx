/** A place to drop files on, which is also a button that opens the file dialogue. */

import { type DragEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { filesOf } from "./files";

interface Props {
  label: string;
  accept?: string;
  multiple?: boolean;
  className?: string;
  children?: ReactNode;
  onFiles: (files: File[]) => void;
}

export const PICTURES = "image/jpeg,image/png,image/webp,image/tiff";

/** What makes an element take dropped files, and whether some are held over it. */
export function useDropZone(onFiles: (files: File[]) => void) {
  const [over, setOver] = useState(false);
  const zone = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDropCapture: () => setOver(false), // also where a smaller place within takes them
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      void filesOf(event.dataTransfer).then((files) => files.length && onFiles(files));
    },
  };
  return { over, zone };
}

type Taker = (files: File[]) => void;

let taker: Taker | null = null;

/** While the room is open, what is dropped beside all places (on the head of the page) is for it too. */
export function useDropsBeside(onFiles: Taker): void {
  useEffect(() => {
    taker = onFiles;
    return () => {
      taker = null;
    };
  });
}

/** What takes files that were dropped beside all places, if the room has something. */
export const besideTaker = () => taker;

export function Drop({ label, accept = PICTURES, multiple = false, className = "", children, onFiles }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const { over, zone } = useDropZone(onFiles);
  return (
    <button type="button" className={`drop ${over ? "over" : ""} ${className}`} onClick={() => input.current?.click()} {...zone}>
      {children ?? label}
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        multiple={multiple}
        aria-label={label}
        onClick={(event) => event.stopPropagation()}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </button>
  );
}
