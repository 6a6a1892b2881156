/** What models cost. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { usePrices, useSetPrices } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { AreaField, Wrong } from '../../components/Forms';
import { SaveTable } from '../../components/SaveTable';
import { Answered } from '../../components/States';
import { day } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { Saving } from './Saving';

export function Prices() {
  const words = usePart('settings');
  const may = useMay('settings');
  const prices = usePrices(useView());
  return (
    <>
      <Card
        title={words.section.prices}
        hint={words.prices.hint}
        tools={
          prices.data !== undefined && (
            <SaveTable
              title={words.section.prices}
              rows={() => [
                ['models', 'providers', 'from', 'to', 'input', 'output', 'cached', 'source'],
                ...prices.data.prices.map((one) => [one.models.join(' '), one.providers.join(' '), one.from ?? null, one.to ?? null, one.input, one.output, one.cached, one.source]),
              ]}
            />
          )
        }
      >
        <Answered asked={prices} height={480}>
          {(answer) => <List prices={answer} />}
        </Answered>
      </Card>
      {may && prices.data !== undefined && <Change key={prices.data.version} toml={prices.data.toml} />}
    </>
  );
}

function List({ prices }: { prices: Schemas['Prices'] }) {
  const { locale } = usePreferences();
  const words = usePart('settings').prices;
  const dollars = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 4 });
  return (
    <>
      <p className="soft small">
        {prices.own ? words.own : words.built} {words.version} <span className="mono">{prices.version}</span>
      </p>
      {/* A region that scrolls is reached from the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="bounded" tabIndex={0} role="group" aria-label={words.model}>
        <table>
          <thead>
            <tr>
              <th scope="col">
                {words.model}
                <small>{words.source}</small>
              </th>
              <th scope="col">{words.provider}</th>
              <th scope="col">{words.from}</th>
              <th scope="col">{words.to}</th>
              <th scope="col" className="amount">{words.input}</th>
              <th scope="col" className="amount">{words.output}</th>
              <th scope="col" className="amount">{words.cached}</th>
            </tr>
          </thead>
          <tbody>
            {prices.prices.map((one, place) => (
              <tr key={place}>
                <th scope="row" className="priced">
                  {one.models.map((model) => (
                    <span key={model} className="mono">
                      {model}
                    </span>
                  ))}
                  <small>{one.source}</small>
                </th>
                <td>{one.providers.length === 0 ? words.anybody : one.providers.join(', ')}</td>
                <td className="unbroken">{one.from == null ? '' : day(locale, 'UTC', one.from)}</td>
                <td className="unbroken">{one.to == null ? '' : day(locale, 'UTC', one.to)}</td>
                <td className="amount">{dollars.format(one.input)}</td>
                <td className="amount">{dollars.format(one.output)}</td>
                <td className="amount">{dollars.format(one.cached)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Change({ toml: before }: { toml: string }) {
  const words = usePart('settings');
  const save = useSetPrices(useView());
  const [toml, setToml] = useState(before);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(toml);
  };
  return (
    <Card title={words.prices.change}>
      <form className="stack" onSubmit={submit}>
        <AreaField label={words.prices.toml} value={toml} set={setToml} rows={14} mono />
        <Wrong error={save.error} />
        <Saving may pending={save.isPending} done={save.isSuccess} />
      </form>
    </Card>
  );
}
