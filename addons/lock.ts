import { type LockedImage, lockedImage } from "../artifacts/images.ts";
import { type ImageLock, userLock, type Versions } from "../artifacts/lock.ts";
import { withUserLock } from "../artifacts/user-lock.ts";
import lockFile from "./lock.json" with { type: "json" };

/** The images of add-ons that a config turns on, with the versions that go with each minor version of Kubernetes. */
export const addonLock: ImageLock = withUserLock(
  { path: "addons/lock.json", ...(lockFile as Omit<ImageLock, "path">) },
  userLock.lock,
);

/** An image of these add-ons in the version that goes with a cluster. Throws if the lock lacks it. */
export const addonImage = (name: keyof (typeof lockFile)["images"], versions: Versions): LockedImage =>
  lockedImage(name, versions, addonLock);
