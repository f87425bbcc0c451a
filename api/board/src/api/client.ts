// The GraphQL API, as a browser asks it: one document, one answer, errors as what a person can be told.

import { token } from './session';

/** Why an answer did not come. */
export class ApiError extends Error {
  constructor(
    /** `extensions.code` of the server; UNREACHABLE where no server answered, TIMEOUT where it took too long. */
    readonly code: string,
    message: string,
    /** The scope that would have helped. */
    readonly requiredScope: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface GraphQlError {
  message: string;
  extensions?: { code?: string; requiredScope?: string };
}

interface Answer<T> {
  data?: T | null;
  errors?: GraphQlError[];
}

/** Seconds after which an answer is not waited for any longer. */
const PATIENCE = 30;

/** Asks the API. Throws an `ApiError` for whatever is not a whole answer, and an abort as it is. */
export async function ask<T>(document: string, variables: object, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json, application/json;q=0.9',
  };
  const bearer = token();
  if (bearer) headers['Authorization'] = `Bearer ${bearer}`;
  const answer = await read<T>({
    method: 'POST',
    headers,
    body: JSON.stringify({ query: document, variables }),
    credentials: 'omit',
  }, signal);
  const error = answer.errors?.[0];
  if (error) {
    const { code = 'UNKNOWN', requiredScope = null } = error.extensions ?? {};
    throw new ApiError(code, error.message, requiredScope);
  }
  if (!answer.data) throw new ApiError('UNKNOWN', 'The answer holds nothing.');
  return answer.data;
}

async function read<T>(request: RequestInit, asked: AbortSignal | undefined): Promise<Answer<T>> {
  const patience = AbortSignal.timeout(PATIENCE * 1000);
  const fail = (message: string): never => {
    asked?.throwIfAborted();
    if (patience.aborted) throw new ApiError('TIMEOUT', `There was no answer within ${PATIENCE} s.`);
    throw new ApiError('UNREACHABLE', message);
  };
  const signal = asked ? AbortSignal.any([asked, patience]) : patience;
  const response = await fetch('/graphql', { ...request, signal }).catch((error: unknown) => fail(String(error)));
  return (response.json() as Promise<Answer<T>>).catch(() => fail(`HTTP ${response.status}`));
}
