/** A place to drop files on, which is also a button that opens the file dialogue. */

import { type ReactNode, useRef, useState } from "react";
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

export function Drop({ label, accept = PICTURES, multiple = false, className = "", children, onFiles }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <button
      type="button"
      className={`drop ${over ? "over" : ""} ${className}`}
      onClick={() => input.current?.click()}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        void filesOf(event.dataTransfer).then((files) => files.length && onFiles(files));
      }}
    >
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
