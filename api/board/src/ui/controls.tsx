// Small controls that several views have.

import { useId } from 'preact/hooks';

export interface Option {
  value: string;
  label: string;
}

interface SelectProps {
  label: string;
  value: string;
  options: Option[];
  /** The choice of nothing in particular. */
  all?: string;
  /** Why there is less to choose from than there might be. */
  note?: string | null;
  onChange: (value: string) => void;
}

export function Select({ label, value, options, all, note = null, onChange }: SelectProps) {
  const id = useId();
  const isKnown = value === '' || options.some((option) => option.value === value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={note ? `${id}-note` : undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {all !== undefined && <option value="">{all}</option>}
        {!isKnown && <option value={value}>{value}</option>}
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
      {note && <p id={`${id}-note`} class="note">{note}</p>}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: { value: T; label: string }[];
  chosen: readonly T[];
  /** One at a time, or any number. */
  many: boolean;
  onChange: (chosen: T[]) => void;
}

/** Choices side by side: radio buttons, or boxes where many may be chosen. */
export function Choice<T extends string>({ label, options, chosen, many, onChange }: ChoiceProps<T>) {
  const name = useId();
  const choose = (value: T, on: boolean) => {
    if (!many) onChange([value]);
    else onChange(on ? [...chosen, value] : chosen.filter((one) => one !== value));
  };
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-row">
        {options.map(({ value, label: text }) => (
          <label key={value}>
            <input
              type={many ? 'checkbox' : 'radio'}
              name={name}
              checked={chosen.includes(value)}
              onChange={(event) => choose(value, event.currentTarget.checked)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
