/** The parts of a CloudFormation template that this project writes and reads. */

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Record<string, unknown>;
  DependsOn?: string | readonly string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  readonly UpdatePolicy?: object;
}

export interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Type: string; readonly Default: unknown }>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Condition?: string; readonly Description?: string }>
  >;
}

/** How a name of ours begins a logical name: `login` as `Login`. */
export function logicalName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The value of a parameter, or the physical name of a resource. */
export function ref(name: string): { Ref: string } {
  return { Ref: name };
}

/** A text in which CloudFormation replaces every `${name}` by its value. */
export function sub(text: string): { 'Fn::Sub': string } {
  return { 'Fn::Sub': text };
}
