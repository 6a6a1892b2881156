/** The parts of forms: a field with its label and hint, what went wrong, a button that asks once more. */
import { useId, useState, type ReactNode } from 'react';

import { Failure } from '../api/client';
import { useTexts } from '../shell/preferences';

/** A label above what it names; `children` gets the id of the hint. */
export function Field(props: { label: string; hint?: ReactNode; wide?: boolean; children: (ids: { id: string; describedBy: string | undefined }) => ReactNode }) {
  const id = useId();
  const hint = `${id}-hint`;
  return (
    <div className={props.wide === true ? 'field wide' : 'field'}>
      <label htmlFor={id}>{props.label}</label>
      {props.children({ id, describedBy: props.hint === undefined ? undefined : hint })}
      {props.hint !== undefined && (
        <span className="soft small" id={hint}>
          {props.hint}
        </span>
      )}
    </div>
  );
}

type Kind = 'text' | 'email' | 'password' | 'search' | 'url' | 'number' | 'date' | 'time';

/** A line of text. */
export function TextField(props: {
  label: string;
  value: string;
  set: (value: string) => void;
  kind?: Kind;
  hint?: ReactNode;
  required?: boolean;
  wide?: boolean;
  mono?: boolean;
  complete?: string;
  most?: number;
  least?: number;
  disabled?: boolean;
  placeholder?: string;
  /** What is offered while one writes. */
  list?: string[];
}) {
  return (
    <Field label={props.label} hint={props.hint} wide={props.wide ?? false}>
      {({ id, describedBy }) => (
        <>
        <input
          id={id}
          list={props.list === undefined ? undefined : `${id}-list`}
          aria-describedby={describedBy}
          type={props.kind ?? 'text'}
          className={props.mono === true ? 'mono' : undefined}
          value={props.value}
          required={props.required}
          disabled={props.disabled}
          autoComplete={props.complete ?? 'off'}
          maxLength={props.most}
          minLength={props.least}
          placeholder={props.placeholder}
          spellCheck={props.mono === true ? false : undefined}
          onChange={(event) => props.set(event.target.value)}
        />
          {props.list !== undefined && (
            <datalist id={`${id}-list`}>
              {props.list.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** A choice of few. */
export function SelectField<Value extends string>(props: { label: string; value: Value; options: readonly (readonly [Value, string])[]; set: (value: Value) => void; hint?: ReactNode; disabled?: boolean }) {
  return (
    <Field label={props.label} hint={props.hint}>
      {({ id, describedBy }) => (
        <select id={id} aria-describedby={describedBy} value={props.value} disabled={props.disabled} onChange={(event) => props.set(event.target.value as Value)}>
          {props.options.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function AreaField(props: { label: string; value: string; set: (value: string) => void; rows?: number; hint?: ReactNode; mono?: boolean; disabled?: boolean; most?: number }) {
  return (
    <Field label={props.label} hint={props.hint} wide>
      {({ id, describedBy }) => (
        <textarea
          id={id}
          aria-describedby={describedBy}
          rows={props.rows ?? 3}
          className={props.mono === true ? 'mono' : undefined}
          value={props.value}
          disabled={props.disabled}
          maxLength={props.most}
          spellCheck={props.mono === true ? false : undefined}
          onChange={(event) => props.set(event.target.value)}
        />
      )}
    </Field>
  );
}

/** What went wrong with a change, each field of it where the server names them. */
export function Wrong({ error }: { error: Error | null }) {
  const texts = useTexts();
  if (error === null) return null;
  const problem = error instanceof Failure ? error.problem : undefined;
  const fields = problem?.errors ?? [];
  const unreachable = error instanceof Failure && error.status === 0;
  return (
    <div className="wrong" role="alert">
      {fields.length > 0 ? (
        <ul>
          {fields.map((one) => (
            <li key={`${one.field} ${one.detail}`}>
              <span className="mono">{one.field}</span>: {one.detail}
              {one.suggestion != null && ` → ${one.suggestion}`}
            </li>
          ))}
        </ul>
      ) : (
        <span>{unreachable ? texts.states.unreachable : error.message}</span>
      )}
    </div>
  );
}

/** A button for what cannot be taken back: it asks once more, in its own place. */
export function Sure(props: { label: string; sure: string; keep: string; act: () => void; busy?: boolean; about?: string }) {
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <button type="button" className="button quiet" aria-label={props.about === undefined ? undefined : `${props.label}: ${props.about}`} disabled={props.busy} onClick={() => setAsking(true)}>
        {props.label}
      </button>
    );
  }
  return (
    <span className="row sure">
      <button
        type="button"
        className="button danger"
        // What was asked for has the focus: Enter does it, Tab leads to keeping.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        disabled={props.busy}
        onClick={() => {
          setAsking(false);
          props.act();
        }}
      >
        {props.sure}
      </button>
      <button type="button" className="button quiet" onClick={() => setAsking(false)}>
        {props.keep}
      </button>
    </span>
  );
}
