import * as pulumi from "@pulumi/pulumi";

/**
 * A part of a cluster on AWS: the resources of one kind, below a component of their own. Each part takes a name, its args and
 * Pulumi's options, in this order.
 */
export abstract class AwsPart extends pulumi.ComponentResource {
  /**
   * The options of each resource below this part. Releases up to 0.1 made the same resources below the part's parent: the alias
   * lets the engine find them there, so that it replaces none of them.
   */
  protected readonly own: { parent: pulumi.Resource; aliases?: pulumi.Alias[] };

  constructor(kind: string, name: string, options: pulumi.ComponentResourceOptions = {}) {
    // The inputs stay out of the state: they hold the whole config.
    super(`ha-kubernetes:aws:${kind}`, name, {}, options);
    const { parent } = options;
    this.own = { parent: this, ...(parent && { aliases: [{ parent }] }) };
  }
}
