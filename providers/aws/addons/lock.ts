import { type LockedImage, lockedImage } from "../../../artifacts/images.ts";
import type { ImageLock, Versions } from "../../../artifacts/lock.ts";
import lockFile from "./lock.json" with { type: "json" };

/** The images of AWS's add-ons, with the versions that go with each minor version of Kubernetes. */
export const awsLock: ImageLock = { path: "providers/aws/addons/lock.json", ...lockFile };

/** An image of AWS's add-ons in the version that goes with a cluster. Throws if the lock lacks it. */
export const awsImage = (name: keyof (typeof lockFile)["images"], versions: Versions): LockedImage =>
  lockedImage(name, versions, awsLock);
