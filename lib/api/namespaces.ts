/** The routes of an account's namespaces. */
import type { Request } from '../http/request.ts';
import {
  listNamespaces,
  type NamespacePorts,
  registerNamespace,
  releaseNamespace,
} from '../usecases/manage-namespaces.ts';
import { actorOf, type ManagementHandlers } from './parameters.ts';
import type { Namespace, NamespaceList } from './responses.ts';

export function namespaceHandlers(ports: NamespacePorts) {
  return {
    async registerNamespace(request) {
      const { registered } = await registerNamespace(ports, actorOf(request), nameOf(request));
      const json: Namespace = { name: nameOf(request) };
      return { status: registered ? 201 : 200, json };
    },
    async listNamespaces({ principal }) {
      const claims = await listNamespaces(ports, principal.account);
      const json: NamespaceList = { namespaces: claims.map(({ name }) => ({ name })) };
      return { status: 200, json };
    },
    async releaseNamespace(request) {
      await releaseNamespace(ports, actorOf(request), nameOf(request));
      return { status: 204 };
    },
  } satisfies ManagementHandlers;
}

function nameOf({ params }: Request): string {
  return params.name ?? '';
}
