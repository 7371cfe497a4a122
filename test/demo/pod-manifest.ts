/** The fields of a pod that the demo itself looks at. */
export interface PodManifest {
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly containers: readonly ContainerManifest[];
    readonly initContainers?: readonly ContainerManifest[];
  };
}

export interface ContainerManifest {
  readonly name: string;
  readonly command?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fileKeyRef?: { readonly key: string } };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}
