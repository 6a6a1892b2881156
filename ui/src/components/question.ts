/** The question that the numbers below answer: by it the sessions behind each of them are found. */
import { createContext, useContext } from 'react';

import type { Query } from '../api/client';

export const QuestionContext = createContext<Query | undefined>(undefined);

export function useQuestion(): Query | undefined {
  return useContext(QuestionContext);
}

/** The question that an answer carries. */
export function questionOf(answer: unknown): Query | undefined {
  return typeof answer === 'object' && answer !== null && 'question' in answer ? (answer.question as Query) : undefined;
}
