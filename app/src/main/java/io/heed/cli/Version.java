package io.heed.cli;

import picocli.CommandLine.IVersionProvider;

import io.heed.cli.output.Machine;

/** What {@code heed --version} prints. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "heed " + Machine.heed(),
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        };
    }
}
