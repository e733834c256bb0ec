/** One of a few, all of them visible. */

import { useId } from "react";

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  hideLabel?: boolean;
  wide?: boolean; // long words: two beside each other
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, hideLabel = false, wide = false, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset className={wide ? "choice paired" : "choice"}>
      <legend className={hideLabel ? "unseen" : ""}>{label}</legend>
      <div>
        {options.map(([key, words]) => (
          <label key={key} className={key === value ? "on" : ""}>
            <input type="radio" name={name} value={key} checked={key === value} onChange={() => onChange(key)} />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
