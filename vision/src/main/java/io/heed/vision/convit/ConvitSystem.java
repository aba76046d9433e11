package io.heed.vision.convit;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.nn.Form;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixerProvider;

/** What the catalogue knows of ConViT. */
public final class ConvitSystem implements SystemEntry, GridMixerProvider {
    private static final String ID = "convit";

    static final List<Claim> CLAIMS = List.of(
            new Claim("accuracy", "ConViT outperforms DeiT on ImageNet at every size", "abstract"),
            new Claim("samples", "ConViT needs fewer images: the smaller the training set, the larger its lead over"
                    + " the same vision transformer", "section 4"),
            new Claim("escape", "early local layers stay local, later ones open their gates", "section 4"));

    @Override
    public SystemCard card() {
        return Catalog.card(ID).withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("gpsa", golden -> ConvitGolden.layer(golden, Form.AUTO), "conv-init", ConvitGolden::start,
                "block", golden -> ConvitGolden.block(golden, Form.AUTO),
                "model", golden -> ConvitGolden.model(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new ConvitStudy());
    }

    @Override
    public List<GridMixerKind> gridMixers() {
        return List.of(new GridMixerKind(ID, List.of("gpsa"),
                "attention whose heads blend what they look for with where: they start as a convolution",
                List.of(new MixerOption("local", "true", "whether heads start at the offsets of a kernel"),
                        new MixerOption("strength", "1", "how narrow they start")), ConvitSystem::build));
    }

    private static GatedPositionalAttention build(GridConfig config) {
        MixerOptions options = MixerOptions.of(config.options());
        return new GatedPositionalAttention(config.width(), config.heads(), false, new GatedPositionalAttention.Start(
                options.flag("local", true), options.number("strength", 1)), config.dropout());
    }
}
