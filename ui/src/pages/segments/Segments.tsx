/** The saved segments: written, changed, removed, and side by side. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import { segmentOf, useRemoveSegment, useSaveSegment, useSegments, type Segment } from '../../api/segments';
import { Card } from '../../components/Cards';
import { Dialog } from '../../components/Dialog';
import { AreaField, Sure, TextField, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useChosenView } from '../../view/held';
import { useSetView, useView } from '../../view/use-view';
import { quoted } from '../../view/view';
import { SideBySide } from './SideBySide';

/** How many may stand side by side. */
const MOST = 10;

export default function Segments() {
  const words = usePart('work');
  const view = useView();
  const segments = useSegments(view);
  const [edited, setEdited] = useState<Partial<Segment> | null>(null);
  const { chosen, choose } = useChosen();
  return (
    <>
      <div className="page-head">
        <h1>{words.segments.title}</h1>
        <span className="soft">{words.segments.hint}</span>
      </div>
      <div className="stack">
        <Card
          title={words.segments.title}
          tools={
            <button type="button" className="button" onClick={() => setEdited({})}>
              {words.segments.add}
            </button>
          }
        >
          <Answered asked={segments} height={200}>
            {(answer) =>
              answer.segments.length === 0 ? (
                <Empty reason={words.segments.none} cure={words.segments.noneCure} />
              ) : (
                <SegmentTable segments={answer.segments} chosen={chosen} choose={choose} edit={setEdited} />
              )
            }
          </Answered>
        </Card>
        {segments.data !== undefined && segments.data.segments.length > 1 && (
          <SideBySide view={view} names={chosen.filter((name) => segments.data.segments.some((one) => one.name === name))} />
        )}
      </div>
      {edited !== null && <Edit segment={edited} close={() => setEdited(null)} />}
    </>
  );
}

/** Which segments stand side by side; kept in the address. */
function useChosen(): { chosen: string[]; choose: (name: string) => void } {
  const navigate = useNavigate();
  const search = useSearch({ from: '/segments' });
  const chosen = search.with ?? [];
  const choose = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name].slice(-MOST);
    void navigate({ to: '/segments', search: ((before: object) => ({ ...before, with: next.length === 0 ? undefined : next })) as never, resetScroll: false });
  };
  return { chosen, choose };
}

function SegmentTable(props: { segments: Segment[]; chosen: string[]; choose: (name: string) => void; edit: (segment: Segment) => void }) {
  const { texts, locale } = usePreferences();
  const words = usePart('work');
  const view = useView();
  const { filter: filters } = useChosenView();
  const setView = useSetView();
  const removing = useRemoveSegment(view);
  return (
    <>
      <Wrong error={removing.error} />
      <Scrolls label={words.segments.title}>
        <table className="wraps">
          <thead>
            <tr>
              <td />
              <th scope="col">{words.name}</th>
              <th scope="col">{words.segments.filter}</th>
              <th scope="col">{words.segments.changed}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {props.segments.map((segment) => (
              <tr key={segment.name}>
                <td>
                  <input type="checkbox" aria-label={words.segments.compare(segment.name)} checked={props.chosen.includes(segment.name)} onChange={() => props.choose(segment.name)} />
                </td>
                <th scope="row">
                  {segment.name}
                  {segment.description !== '' && <span className="soft small search-hint">{segment.description}</span>}
                </th>
                <td className="mono">{segment.filter}</td>
                <td className="soft small">{instant(locale, view.zone, segment.changed)}</td>
                <td>
                  <span className="row actions">
                    <button
                      type="button"
                      className="button quiet"
                      aria-pressed={filters.some((one) => segmentOf(one) === segment.name)}
                      onClick={() => setView({ filter: [...filters.filter((one) => segmentOf(one) !== segment.name), `segment ${quoted(segment.name)}`] })}
                    >
                      {words.segments.use}
                    </button>
                    <button type="button" className="button quiet" aria-label={`${words.edit}: ${segment.name}`} onClick={() => props.edit(segment)}>
                      {words.edit}
                    </button>
                    <Sure
                      label={words.remove}
                      about={segment.name}
                      sure={words.reallyRemove}
                      keep={words.keep}
                      busy={removing.isPending}
                      act={() => {
                        removing.mutate(segment.name);
                        setView({ filter: filters.filter((one) => segmentOf(one) !== segment.name) });
                      }}
                    />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
      {props.chosen.length < 2 && props.segments.length > 1 && <p className="soft small">{words.segments.chooseTwo}</p>}
      <span className="visually-hidden" role="status">
        {removing.isPending ? texts.states.loading : ''}
      </span>
    </>
  );
}

function Edit({ segment, close }: { segment: Partial<Segment>; close: () => void }) {
  const words = usePart('work');
  const view = useView();
  const save = useSaveSegment(view);
  const [name, setName] = useState(segment.name ?? '');
  const [filter, setFilter] = useState(segment.filter ?? '');
  const [description, setDescription] = useState(segment.description ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name: name.trim(), filter: filter.trim(), description: description.trim() }, { onSuccess: close });
  };
  return (
    <Dialog title={segment.name ?? words.segments.add} onClose={close}>
      <form className="stack" onSubmit={submit}>
        <TextField label={words.name} value={name} set={setName} required most={100} disabled={segment.name !== undefined} wide />
        <AreaField label={words.segments.filter} value={filter} set={setFilter} hint={words.segments.filterHint} mono />
        <TextField label={words.description} value={description} set={setDescription} hint={words.optional} wide />
        <Wrong error={save.error} />
        <div className="row">
          <button type="submit" className="button main" disabled={save.isPending || name.trim() === '' || filter.trim() === ''}>
            {words.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
