/** What the functions that know the services and their keys read from the configuration. */

export const SERVICE_SETTINGS = ['url', 'service', 'services', 'keys'] as const;
