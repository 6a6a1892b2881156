/** Our words in the words of each platform; found by either. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';

import { Choice } from '../../components/Choice';
import { Empty } from '../../components/States';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { PLATFORM_NAMES, PLATFORMS, TERMS, WORDS, type Platform, type Term } from '../../texts/platform-words';

/** Where a term can be seen. */
const SEEN: Partial<Record<Term, { to: string; search?: Record<string, string> }>> = {
  session: { to: '/conversations' },
  conversation: { to: '/conversations' },
  user: { to: '/audience' },
  returning: { to: '/audience' },
  hours: { to: '/audience' },
  topic: { to: '/topics' },
  option: { to: '/topics', search: { part: 'clicks' } },
  question: { to: '/topics', search: { part: 'clicks' } },
  intent: { to: '/improve' },
  fallback: { to: '/improve' },
  coverage: { to: '/improve' },
  knowledge: { to: '/improve' },
  engaged: { to: '/outcomes' },
  resolved: { to: '/outcomes' },
  escalated: { to: '/outcomes' },
  abandoned: { to: '/outcomes' },
  impact: { to: '/outcomes' },
  survey: { to: '/outcomes' },
  thumbs: { to: '/outcomes' },
  handover: { to: '/handover' },
  waiting: { to: '/handover' },
  agent: { to: '/handover' },
  skill: { to: '/handover' },
  tool: { to: '/ai' },
  generated: { to: '/ai' },
};

export default function Glossary() {
  const { locale } = usePreferences();
  const words = usePart('glossary');
  const navigate = useNavigate();
  const search = useSearch({ from: '/glossary' });
  const platform = PLATFORMS.find((one) => one === search.platform) ?? '';
  const sought = (search.find ?? '').trim().toLowerCase();
  const change = (to: { find?: string | undefined; platform?: string | undefined }) =>
    void navigate({ to: '/glossary', search: ((before: object) => ({ ...before, ...to })) as never, resetScroll: false, replace: true });
  const found = TERMS.filter((term) => {
    const theirs = Object.entries(WORDS[term]).filter(([id]) => platform === '' || id === platform);
    return sought === '' || [...words.terms[term], ...theirs.map(([, said]) => said)].some((text) => text.toLowerCase().includes(sought));
  });
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="soft">{words.hint}</span>
      </div>
      <div className="row" style={{ marginBottom: 12 }}>
        <input type="search" className="grows" aria-label={words.find} placeholder={words.find} value={search.find ?? ''} onChange={(event) => change({ find: event.target.value === '' ? undefined : event.target.value })} />
        <Choice<Platform | ''>
          label={words.platform}
          value={platform}
          options={[['', words.all], ...PLATFORMS.map((one) => [one, PLATFORM_NAMES[one]] as const)]}
          choose={(value) => change({ platform: value === '' ? undefined : value })}
        />
        <span className="soft small" role="status">
          {words.count(whole(locale, found.length), whole(locale, TERMS.length))}
        </span>
      </div>
      {found.length === 0 ? (
        <Empty reason={words.nothing} />
      ) : (
        <section className="card" aria-label={words.title}>
          <dl className="glossary">
            {found.map((term) => (
              <div key={term} id={term}>
                <dt>{words.terms[term][0]}</dt>
                <dd>
                  {words.terms[term][1]}
                  {SEEN[term] !== undefined && (
                    <>
                      {' '}
                      <Link to={SEEN[term].to} search={(SEEN[term].search ?? {}) as never} aria-label={`${words.see}: ${words.terms[term][0]}`}>
                        {words.see}
                      </Link>
                    </>
                  )}
                </dd>
                <dd>
                  <Theirs term={term} platform={platform} />
                </dd>
              </div>
            ))}
          </dl>
          <p className="soft small">{words.numbers}</p>
        </section>
      )}
    </>
  );
}

/** What the platforms call it. */
function Theirs({ term, platform }: { term: Term; platform: Platform | '' }) {
  const words = usePart('glossary');
  if (platform !== '') return <>{WORDS[term][platform] ?? <span className="soft">{words.none}</span>}</>;
  return (
    <ul className="theirs">
      {PLATFORMS.filter((one) => WORDS[term][one] !== undefined).map((one) => (
        <li key={one}>
          <span className="soft small">{PLATFORM_NAMES[one].split(',')[0]}</span> {WORDS[term][one]}
        </li>
      ))}
    </ul>
  );
}
