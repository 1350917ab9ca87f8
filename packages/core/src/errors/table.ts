/** One refusal: HTTP status, what happened and what to do, in both languages. A missing one does not compile. */
export interface ErrorEntry {
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 408
    | 409
    | 411
    | 412
    | 413
    | 415
    | 416
    | 421
    | 422
    | 429
    | 431
    | 500
    | 502
    | 503
    | 504
    | 507;
  readonly en: { readonly words: string; readonly hint: string };
  readonly ja: { readonly words: string; readonly hint: string };
}

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;
