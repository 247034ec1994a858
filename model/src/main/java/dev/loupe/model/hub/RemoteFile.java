package dev.loupe.model.hub;

/** A file of a commit as the hub describes it; {@code etag} is also the name of its blob. */
record RemoteFile(String name, String etag, long size) {}
