/** Erasing users: what would go, then that it goes, and the proofs. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useErase, useErasures, useForeseen } from '../../api/privacy';
import { Card } from '../../components/Cards';
import { AreaField, Sure, TextField, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { instant, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

export function Erasing() {
  const words = usePart('settings').erasing;
  const mayErase = useMay('settings');
  const mayList = useMay('audit');
  return (
    <>
      {mayErase && (
        <Card title={words.title} hint={words.hint}>
          <Erase />
        </Card>
      )}
      {mayList && (
        <Card title={words.proofs} hint={words.proofsHint}>
          <Proofs />
        </Card>
      )}
    </>
  );
}

function Erase() {
  const all = usePart('settings');
  const words = all.erasing;
  const { locale } = usePreferences();
  const view = useView();
  const foreseen = useForeseen(view);
  const erase = useErase(view);
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const ids = [...new Set(text.split('\n').map((one) => one.trim()))].filter((one) => one !== '');
  const given = { user_ids: ids, ...(reason.trim() !== '' && { reason: reason.trim() }) };
  const look = (event: FormEvent) => {
    event.preventDefault();
    erase.reset();
    foreseen.mutate(given);
  };
  const found = foreseen.data;
  return (
    <form className="stack" onSubmit={look}>
      <AreaField
        label={words.ids}
        hint={words.idsHint}
        value={text}
        mono
        set={(value) => {
          setText(value);
          foreseen.reset();
          erase.reset();
        }}
      />
      <TextField label={words.reason} hint={words.reasonHint} value={reason} set={setReason} most={300} />
      <Wrong error={foreseen.error ?? erase.error} />
      <p role="status">
        {found !== undefined && !erase.isSuccess && (found.conversations === 0 ? words.nothing : words.goes(whole(locale, found.conversations), whole(locale, found.sessions), whole(locale, found.events), whole(locale, found.files)))}
        {erase.data !== undefined && <span className="good">{words.gone(whole(locale, erase.data.conversations), whole(locale, erase.data.events))}</span>}
      </p>
      <div className="row">
        <button type="submit" className="button" disabled={ids.length === 0 || foreseen.isPending || erase.isPending}>
          {words.look}
        </button>
        {found !== undefined && !erase.isSuccess && (
          <Sure
            label={erase.isPending ? words.erasing : words.erase}
            sure={words.sure}
            keep={all.keep}
            busy={erase.isPending}
            act={() =>
              erase.mutate(given, {
                onSuccess: () => {
                  setText('');
                  setReason('');
                },
              })
            }
          />
        )}
      </div>
    </form>
  );
}

function Proofs() {
  const words = usePart('settings').erasing;
  const erasures = useErasures(useView());
  return (
    <Answered asked={erasures} height={120}>
      {(answer) =>
        answer.erasures.length === 0 ? (
          <Empty reason={words.none} />
        ) : (
          <Scrolls label={words.proofs}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.asked}</th>
                  <th scope="col">{words.by}</th>
                  <th scope="col" className="amount">{words.users}</th>
                  <th scope="col" className="amount">{words.conversations}</th>
                  <th scope="col" className="amount">{words.events}</th>
                  <th scope="col">{words.state}</th>
                  <th scope="col">{words.reason}</th>
                </tr>
              </thead>
              <tbody>
                {answer.erasures.map((proof) => (
                  <Proof key={proof.id} proof={proof} />
                ))}
              </tbody>
            </table>
          </Scrolls>
        )
      }
    </Answered>
  );
}

function Proof({ proof }: { proof: Schemas['ErasureProof'] }) {
  const { locale } = usePreferences();
  const words = usePart('settings').erasing;
  const view = useView();
  return (
    <tr>
      <th scope="row" className="unbroken">
        {instant(locale, view.zone, proof.asked)}
      </th>
      <td>{proof.by}</td>
      <td className="amount">{whole(locale, proof.users)}</td>
      <td className="amount">{whole(locale, proof.conversations)}</td>
      <td className="amount">{whole(locale, proof.events)}</td>
      <td>{proof.finished == null ? words.goesOn : proof.verified ? <span className="good">{words.verified(instant(locale, view.zone, proof.finished))}</span> : words.unverified}</td>
      <td className="soft">{proof.reason}</td>
    </tr>
  );
}
