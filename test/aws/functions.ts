import { DescribeImagesCommand } from "@aws-sdk/client-ec2";
import type { Properties } from "../../plugins/value.ts";
import type { Clients } from "./clients.ts";
import { type Inputs, only } from "./kind.ts";

/** Functions of the provider, by token, for the inputs that the program gives. */
export const functions = (clients: () => Clients): Readonly<Record<string, (inputs: Properties) => Promise<Properties>>> => ({
  "aws:ec2/getAmi:getAmi": async (inputs) => {
    const { owners, mostRecent, filters = [] } = only("getAmi", inputs, "owners mostRecent filters") as Inputs;
    const Filters = filters.map(({ name: Name, values: Values }: Inputs) => ({ Name, Values }));
    const { Images = [] } = await clients().ec2.send(new DescribeImagesCommand({ Owners: owners, Filters }));
    const newestFirst = Images.sort((a, b) => (b.CreationDate ?? "").localeCompare(a.CreationDate ?? ""));
    const [image] = newestFirst;
    if (image === undefined) throw new Error("Your query returned no results. Please change your search criteria and try again.");
    if (Images.length > 1 && !mostRecent) throw new Error("Your query returned more than one result.");
    const { ImageId = "", Name = "", Architecture = "", RootDeviceName = "", CreationDate = "", OwnerId = "" } = image;
    const found = { architecture: Architecture, rootDeviceName: RootDeviceName, creationDate: CreationDate, ownerId: OwnerId };
    return { id: ImageId, imageId: ImageId, name: Name, ...found };
  },
});
