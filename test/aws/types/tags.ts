import { CreateTagsCommand, DeleteTagsCommand, type ResourceType } from "@aws-sdk/client-ec2";
import type { Clients } from "../clients.ts";
import { type Inputs, tagList } from "../kind.ts";

/** EC2's tags in a request that creates something. */
export const tagged = (ResourceType: ResourceType, { tags }: Inputs) =>
  tags === undefined ? {} : { TagSpecifications: [{ ResourceType, Tags: tagList(tags) }] };

/** Changes the tags of an existing EC2 resource. */
export async function changeTags({ ec2 }: Clients, id: string, { tags = {} }: Inputs, before: Inputs): Promise<void> {
  const gone = Object.keys(before.tags ?? {}).filter((key) => tags[key] === undefined);
  if (gone.length > 0) await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: gone.map((Key) => ({ Key })) }));
  if (Object.keys(tags).length > 0) await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }));
}
