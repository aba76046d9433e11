package io.heed.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code heed --version} prints. */
final class Version implements IVersionProvider {
    /** Heed's version, from the manifest of its jar. */
    static String heed() {
        String version = Heed.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "heed " + heed(),
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        };
    }
}
