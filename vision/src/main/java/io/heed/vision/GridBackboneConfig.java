package io.heed.vision;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

import io.heed.sequence.MixerSpec;

/** What a {@link GridBackbone} is built from. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({@JsonSubTypes.Type(value = ColumnarConfig.class, name = "columnar"),
    @JsonSubTypes.Type(value = PyramidConfig.class, name = "pyramid")})
public sealed interface GridBackboneConfig permits ColumnarConfig, PyramidConfig {
    /** The mixers of the blocks, taken in turn. */
    List<MixerSpec> mixers();

    /** Hidden width of the MLPs over the width of their blocks; 0 for no MLPs. */
    double hiddenRatio();

    /** The same with other mixers. */
    GridBackboneConfig withMixers(List<MixerSpec> mixers);

    /** The same with another hidden ratio. */
    GridBackboneConfig withHiddenRatio(double hiddenRatio);

    /** Width of the features that come out. */
    long features();

    /** Builds it with fresh weights from libtorch's default generator. */
    GridBackbone build();
}
