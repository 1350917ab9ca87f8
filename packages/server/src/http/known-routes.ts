import { AppError } from '@sekisho/core/errors.ts';

/** The addresses of a listener with their methods, for whoever asks with another one. */
export class KnownRoutes {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(url: string, method: string | readonly string[]): void {
    let route = this.#routes.get(url);
    if (route === undefined) {
      const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`);
      this.#routes.set(url, (route = { pattern, methods: new Set() }));
    }
    for (const one of [method].flat()) route.methods.add(one);
  }

  /** The methods of the address, in alphabetical order; empty: there is no such address. */
  methodsOf(url: string): string[] {
    const path = url.split('?')[0] ?? '';
    const methods = new Set<string>();
    for (const route of this.#routes.values())
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    return [...methods].sort();
  }

  /** What a request that no route takes is told: METHOD_NOT_ALLOWED, or ROUTE_UNKNOWN. */
  refusal(method: string, url: string): AppError {
    const allowed = this.methodsOf(url);
    if (allowed.length === 0) return new AppError('ROUTE_UNKNOWN');
    return new AppError('METHOD_NOT_ALLOWED', {
      method: method.slice(0, METHOD_LENGTH_MAX),
      allowed: allowed.join(', '),
    });
  }
}

const METHOD_LENGTH_MAX = 20;
