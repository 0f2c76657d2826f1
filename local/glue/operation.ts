import { GlueFault } from './fault.ts';
import { CATALOG_ID } from './model.ts';
import { parse, type Shape } from './shape.ts';
import type { Store } from './store.ts';

/** One operation of the API: a checked request in, the response's JSON out. */
export type Operation = (store: Store, body: unknown) => object;

export type Operations = Readonly<Record<string, Operation>>;

/** Joins the check of a request with what it does; `act` runs in one transaction. */
export function operation<T extends { readonly CatalogId?: string }>(
  request: Shape<T>,
  act: (store: Store, request: T) => object,
): Operation {
  return (store, body) => {
    const checked = parse(request, body);
    if (checked.CatalogId !== undefined && checked.CatalogId !== CATALOG_ID) {
      throw new GlueFault('EntityNotFoundException', `Catalog ${checked.CatalogId} not found.`);
    }
    return store.transaction(() => act(store, checked));
  };
}
