/** Adds a filter: a dimension and some of its values, or a text in the language of filters. */
import * as Popover from '@radix-ui/react-popover';
import { useState } from 'react';

import { useDimensions, useValues } from '../api/questions';
import { Answered } from '../components/States';
import { whole } from '../format/format';
import { useSetView, useView } from '../view/use-view';
import { is, quoted } from '../view/view';
import { usePreferences } from './preferences';

/** The dimensions that people filter by most, in this order before the others. */
const FIRST = ['channel', 'topic_name', 'outcome', 'engagement', 'country', 'language', 'device', 'bot_version', 'user_kind'];

export function AddFilter() {
  const { texts } = usePreferences();
  const view = useView();
  const setView = useSetView();
  const [open, setOpen] = useState(false);
  const [dimension, setDimension] = useState('channel');
  const [chosen, setChosen] = useState<(string | null)[]>([]);
  const [written, setWritten] = useState('');
  const dimensions = useDimensions();

  const add = (filter: string) => {
    setView({ filter: [...view.filter.filter((other) => other !== filter), filter] });
    setChosen([]);
    setWritten('');
    setOpen(false);
  };
  // What is cut by session, so that a filter can name it; time has the range.
  const offered = (dimensions.data?.dimensions ?? []).filter(
    (one) => !/^(message|step)\.|^(minute|quarter_hour|hour|day|week|month|quarter|year|environment|bot)$/.test(one.id),
  );
  const sorted = [...offered].sort((left, right) => place(left.id) - place(right.id));
  const isList = offered.find((one) => one.id === dimension)?.many_valued ?? false;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="button">
        <span aria-hidden="true">+</span> {texts.bar.addFilter}
      </Popover.Trigger>
      <Popover.Content className="popover stack" align="start" sideOffset={6} aria-label={texts.bar.addFilter}>
        <label className="stack" style={{ gap: 4 }}>
          {texts.bar.filterBy}
          <select
            value={dimension}
            onChange={(event) => {
              setDimension(event.target.value);
              setChosen([]);
            }}
          >
            {sorted.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        {open && <Values key={dimension} dimension={dimension} chosen={chosen} choose={setChosen} />}
        <button
          type="button"
          className="button main"
          disabled={chosen.length === 0}
          onClick={() => add(filterOf(dimension, chosen, isList))}
        >
          {texts.bar.apply}
        </button>
        <form
          className="stack"
          style={{ gap: 4 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (written.trim() !== '') add(written.trim());
          }}
        >
          <label className="stack" style={{ gap: 4 }}>
            {texts.bar.writeFilter}
            <input type="text" value={written} onChange={(event) => setWritten(event.target.value)} spellCheck={false} className="mono" />
          </label>
          <span className="soft small">{texts.bar.filterHelp}</span>
        </form>
      </Popover.Content>
    </Popover.Root>
  );
}

function place(dimension: string): number {
  const position = FIRST.indexOf(dimension);
  return position < 0 ? FIRST.length : position;
}

/** A filter that holds for any of the values. */
export function filterOf(dimension: string, values: (string | null)[], isList: boolean): string {
  const said = values.filter((value) => value !== null);
  const conditions: string[] = values.includes(null) ? [is(dimension, null)] : [];
  if (isList) conditions.push(...said.map((value) => `${dimension} has ${quoted(value)}`));
  else if (said.length === 1 && said[0] !== undefined) conditions.push(is(dimension, said[0]));
  else if (said.length > 1) conditions.push(`${dimension} in (${said.map(quoted).join(', ')})`);
  return conditions.join(' or ');
}

function Values(props: { dimension: string; chosen: (string | null)[]; choose: (values: (string | null)[]) => void }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const values = useValues(view, props.dimension);
  return (
    <fieldset className="values">
      <legend className="visually-hidden">{texts.bar.values}</legend>
      <Answered asked={values} height={160}>
        {(answer) =>
          answer.rows.length === 0 ? (
            <p className="soft">{texts.bar.noValues}</p>
          ) : (
            answer.rows.map((row) => {
              const value = row.dimensions[props.dimension] ?? null;
              const isChosen = props.chosen.includes(value);
              return (
                <label key={value ?? ''} className="menu-item">
                  <input
                    type="checkbox"
                    checked={isChosen}
                    onChange={() =>
                      props.choose(isChosen ? props.chosen.filter((other) => other !== value) : [...props.chosen, value])
                    }
                  />
                  <span>{value ?? texts.bar.nothingSaid}</span>
                  <span className="soft push">{whole(locale, row.metrics.sessions?.value ?? 0)}</span>
                </label>
              );
            })
          )
        }
      </Answered>
    </fieldset>
  );
}
