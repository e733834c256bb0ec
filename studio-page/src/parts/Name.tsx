/** A name that is text until it is pointed at: type, then Enter; Escape takes it back. */

import { useEffect, useState } from "react";

interface Props {
  label: string;
  value: string;
  onChange: (name: string) => void;
}

export function Name({ label, value, onChange }: Props) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const keep = () => {
    const name = typed.trim();
    if (name && name !== value) onChange(name);
    else setTyped(value);
  };
  return (
    <input
      className="name"
      aria-label={label}
      title={label}
      value={typed}
      maxLength={120}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setTyped(value);
      }}
    />
  );
}
