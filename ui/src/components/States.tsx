/** What stands where an answer is not there: coming, empty, failed. The room is kept, so nothing jumps. */
import type { UseQueryResult } from '@tanstack/react-query';
import { memo, type ReactNode } from 'react';

import { Failure } from '../api/client';
import { useTexts } from '../shell/preferences';
import { OfAnswer } from '../view/held';
import { useDrawn } from './in-sight';
import { usePale } from './pale';
import { QuestionContext, questionOf } from './question';
import { WithCommands } from './WithCommands';

/**
 * Shows an answer, or why there is none yet. `height` is about what the answer will take, in pixels. `still`: what is drawn holds no
 * choice that changes the question, so that it stays as it is until the next answer comes, and nothing is drawn of an old one in a new view.
 */
export function Answered<T>(props: { asked: UseQueryResult<T>; height: number; still?: boolean; children: (data: T) => ReactNode }) {
  const { asked } = props;
  if (asked.data !== undefined) {
    return (
      <There data={asked.data} isOld={asked.isPlaceholderData} still={props.still === true}>
        {props.children}
      </There>
    );
  }
  if (asked.isError) return <Failed error={asked.error} again={() => void asked.refetch()} />;
  return <Loading height={props.height} />;
}

function There<T>(props: { data: T; isOld: boolean; still: boolean; children: (data: T) => ReactNode }) {
  const { place, drawn } = useDrawn(props.data);
  const isPale = usePale(props.isOld);
  const isWaiting = !Object.is(drawn, props.data);
  const isStill = isWaiting || (props.still && props.isOld);
  return (
    <QuestionContext value={questionOf(drawn)}>
      <div ref={place} className={isPale ? 'stale' : undefined} aria-busy={props.isOld || isWaiting}>
        <OfAnswer waits={isStill}>
          <Content data={drawn} isStill={isStill} draw={props.children as (data: unknown) => ReactNode} />
        </OfAnswer>
      </div>
    </QuestionContext>
  );
}

/** What is drawn of an answer. */
const Content = memo(
  function Content(props: { data: unknown; isStill: boolean; draw: (data: unknown) => ReactNode }) {
    return props.draw(props.data);
  },
  (before, after) => before.data === after.data && (after.isStill || before.draw === after.draw),
);

export function Loading({ height }: { height: number }) {
  const texts = useTexts();
  return (
    <div className="skeleton" style={{ height }} role="status">
      <span className="visually-hidden">{texts.states.loading}</span>
    </div>
  );
}

export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const texts = useTexts();
  const failure = error instanceof Failure ? error : undefined;
  const unreachable = failure?.status === 0;
  return (
    <div className="state failed" role="alert">
      <strong>{texts.states.failed}</strong>
      <span>{unreachable ? texts.states.unreachable : error.message}</span>
      {failure?.problem !== undefined && (
        <span className="small soft mono">
          {texts.states.request} {failure.problem.instance.split(':').at(-1)}
        </span>
      )}
      {again !== undefined && (
        <button type="button" className="button" onClick={again}>
          {texts.states.again}
        </button>
      )}
    </div>
  );
}

export function Empty({ reason, cure, children }: { reason?: string; cure?: string | undefined; children?: ReactNode }) {
  const texts = useTexts();
  return (
    <div className="state">
      <strong>{reason ?? texts.states.empty}</strong>
      {cure !== undefined && <span className="soft"><WithCommands text={cure} /></span>}
      {children}
    </div>
  );
}
