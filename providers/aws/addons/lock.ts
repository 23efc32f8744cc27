import { type LockedImage, lockedImage } from "../../../artifacts/images.ts";
import { type ImageLock, userLock, type Versions } from "../../../artifacts/lock.ts";
import { withUserLock } from "../../../artifacts/user-lock.ts";
import lockFile from "./lock.json" with { type: "json" };

/** The images of AWS's add-ons, with the versions that go with each minor version of Kubernetes. */
export const awsLock: ImageLock = withUserLock(
  { path: "providers/aws/addons/lock.json", ...(lockFile as Omit<ImageLock, "path">) },
  userLock.lock,
);

/** An image of AWS's add-ons in the version that goes with a cluster. Throws if the lock lacks it. */
export const awsImage = (name: keyof (typeof lockFile)["images"], versions: Versions): LockedImage =>
  lockedImage(name, versions, awsLock);
