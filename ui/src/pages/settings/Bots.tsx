/** What the bots are called. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import { useValues } from '../../api/questions';
import { useSetSettings, useSettings, type Settings } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { everythingOf } from '../../view/view';
import { Saving } from './Saving';

export function Bots() {
  const words = usePart('settings');
  const settings = useSettings(useView());
  return (
    <Card title={words.section.bots} hint={words.bots.hint}>
      <Answered asked={settings} height={240}>
        {(answer) => <BotNames key={answer.changed ?? ''} settings={answer} />}
      </Answered>
    </Card>
  );
}

export function BotNames({ settings }: { settings: Settings }) {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const may = useMay('settings');
  const found = useValues(everythingOf(view), 'bot');
  const save = useSetSettings(view, settings);
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map(settings.bots.map((bot) => [bot.id, bot.name])));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ bots: [...names].filter(([, name]) => name.trim() !== '').map(([id, name]) => ({ id, name: name.trim() })) });
  };
  return (
    <Answered asked={found} height={200}>
      {(answer) => {
        const counts = new Map(answer.rows.flatMap((row) => (typeof row.dimensions.bot === 'string' ? [[row.dimensions.bot, row.metrics.sessions?.value ?? 0] as const] : [])));
        const ids = [...new Set([...counts.keys(), ...settings.bots.map((bot) => bot.id)])];
        if (ids.length === 0) return <Empty reason={words.bots.none} />;
        return (
          <form className="stack" onSubmit={submit}>
            <Scrolls label={words.section.bots}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.bots.id}</th>
                  <th scope="col">{words.bots.shown}</th>
                  <th scope="col" className="amount">{words.bots.sessions}</th>
                </tr>
              </thead>
              <tbody>
                {ids.map((id) => (
                  <tr key={id}>
                    <th scope="row" className="mono">{id}</th>
                    <td>
                      <input type="text" aria-label={`${words.bots.shown}: ${id}`} placeholder={id} value={names.get(id) ?? ''} disabled={!may} maxLength={100} onChange={(event) => setNames(new Map([...names, [id, event.target.value]]))} />
                    </td>
                    <td className="amount">{whole(locale, counts.get(id) ?? 0)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            </Scrolls>
            <Wrong error={save.error} />
            <Saving may={may} pending={save.isPending} done={save.isSuccess} />
          </form>
        );
      }}
    </Answered>
  );
}
