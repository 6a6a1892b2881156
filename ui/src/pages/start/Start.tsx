/** The first run: platform, data, bots and time zone, and whether the numbers match. Each step is an address. */
import { Link, useSearch } from '@tanstack/react-router';

import { useMay } from '../../api/access';
import { useSettings } from '../../api/workspace';
import { useProfiles } from '../../api/questions';
import { Card } from '../../components/Cards';
import { Answered, Empty } from '../../components/States';
import { WithCommands } from '../../components/WithCommands';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { BotNames } from '../settings/Bots';
import { Change } from '../settings/Profiles';
import { Snippets } from '../settings/Snippets';
import { TestEvent } from '../settings/Sources';
import { WorkspaceForm } from '../settings/Workspace';
import { Check } from './Check';
import { ImportFile } from './ImportFile';
import { START_PLATFORMS } from './platforms';

const STEPS = ['platform', 'data', 'rules', 'check'] as const;
type Step = (typeof STEPS)[number];

export default function Start() {
  const words = usePart('start');
  const settings = usePart('settings');
  const mayIngest = useMay('ingest');
  const search = useSearch({ from: '/start' });
  const step = STEPS.find((one) => one === search.step) ?? 'platform';
  const platform = START_PLATFORMS.find((one) => one.id === search.platform);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <nav className="tabs" aria-label={words.steps}>
        {STEPS.map((one, place) => (
          <Link key={one} to="/start" search={((before: object) => ({ ...before, step: one })) as never} aria-current={one === step ? 'page' : undefined}>
            {place + 1}. {words.step[one]}
          </Link>
        ))}
      </nav>
      <div className="stack">
        {!mayIngest && step === 'data' && <Empty reason={settings.readOnly} />}
        {step === 'platform' && <Platforms chosen={platform?.id} />}
        {step === 'data' && mayIngest && <Data />}
        {step === 'rules' && <Rules profile={platform?.profile} />}
        {step === 'check' && <Check />}
        <Steps step={step} />
      </div>
    </>
  );
}

/** The way on and back. */
function Steps({ step }: { step: Step }) {
  const words = usePart('start');
  const place = STEPS.indexOf(step);
  const [before, after] = [STEPS[place - 1], STEPS[place + 1]];
  const to = (one: Step) => ((now: object) => ({ ...now, step: one })) as never;
  return (
    <div className="row">
      {before !== undefined && (
        <Link className="button" to="/start" search={to(before)}>
          ← {words.back}
        </Link>
      )}
      {after === undefined ? (
        <Link className="button main push" to="/">
          {words.check.finish}
        </Link>
      ) : (
        <Link className="button main push" to="/start" search={to(after)}>
          {words.next} →
        </Link>
      )}
    </div>
  );
}

function Platforms({ chosen }: { chosen: string | undefined }) {
  const words = usePart('start');
  return (
    <Card title={words.step.platform} hint={words.platform.hint}>
      <ul className="grid">
        {START_PLATFORMS.map((one) => (
          <li key={one.id}>
            <Link className="choice" to="/start" search={((before: object) => ({ ...before, platform: one.id, step: 'data' })) as never} aria-current={one.id === chosen ? 'true' : undefined}>
              <strong>{words.platform.names[one.id]?.[0]}</strong>
              <span className="soft small">{words.platform.names[one.id]?.[1]}</span>
              <span className={one.reads ? 'badge accent' : 'badge'}>{one.reads ? words.platform.reads : words.platform.mapping}</span>
            </Link>
          </li>
        ))}
      </ul>
      <p className="soft small">
        <WithCommands text={words.skip} />
      </p>
    </Card>
  );
}

function Data() {
  const words = usePart('start');
  const settings = usePart('settings');
  return (
    <div className="grid wide">
      <ImportFile />
      <Card title={words.data.send} hint={settings.sources.sendHint}>
        <Snippets secret={settings.sources.keyPlace} />
        <TestEvent />
      </Card>
    </div>
  );
}

function Rules({ profile }: { profile: string | undefined }) {
  const words = usePart('start');
  const settings = usePart('settings');
  const view = useView();
  const may = useMay('settings');
  const set = useSettings(view);
  const profiles = useProfiles(view);
  const active = profiles.data?.in_use.find((one) => one.source == null)?.name;
  return (
    <>
      <Card title={words.step.rules} hint={words.rules.hint}>
        <Answered asked={set} height={360}>
          {(answer) => <WorkspaceForm key={answer.changed ?? ''} settings={answer} />}
        </Answered>
      </Card>
      <Card title={settings.section.bots} hint={settings.bots.hint}>
        <Answered asked={set} height={160}>
          {(answer) => <BotNames key={answer.changed ?? ''} settings={answer} />}
        </Answered>
      </Card>
      {profile !== undefined && active !== undefined && <p className={active === profile ? 'good' : 'soft'}>{active === profile ? words.rules.isActive(profile) : words.rules.profileHint(profile)}</p>}
      {may && profile !== undefined && active !== undefined && active !== profile && <Change first={profile} />}
    </>
  );
}
