package io.heed.train;

import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TrainConfigTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static JsonNode json(String text) throws Exception {
        return MAPPER.readTree(text.replace('\'', '"'));
    }

    @Test
    void givenKeysReplaceDefaults() throws Exception {
        TrainConfig config = TrainConfig.fromJson(json("{'steps': 7, 'warmup': 2, 'rate': 1}"));
        assertThat(config).isEqualTo(TrainConfig.defaults().withSteps(7).withRate(1).withSchedule(2, 0.1));
        assertThat(TrainConfig.fromJson(null)).isEqualTo(TrainConfig.defaults());
        assertThat(TrainConfig.fromJson(MAPPER.valueToTree(config))).isEqualTo(config);
        assertThat(MAPPER.readValue(MAPPER.writeValueAsString(config), TrainConfig.class)).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {'stepz': 7}          | unknown key 'stepz' in the training configuration; did you mean 'steps'?
            {'weightdecay': 0}    | unknown key 'weightdecay' in the training configuration; did you mean 'weightDecay'?
            {'steps': 'many'}     | 'steps' in the training configuration is "many", must be a whole number
            {'steps': 1.5}        | 'steps' in the training configuration is 1.5, must be a whole number
            {'rate': null}        | 'rate' in the training configuration is null, must be a number
            {'rate': -1}          | in the training configuration: rate is -1.0, must be positive
            {'warmup': 2000}      | in the training configuration: warmup is 2000, must be from 0 to steps (1000)
            {'device': 'tpu'}     | in the training configuration: device is tpu, must be cpu, cuda or cuda:<number>
            [1]                   | training configuration must be an object of keys and values, got [1]
            """, quoteCharacter = '`')
    void faultsAreOneClearLine(String text, String line) {
        assertThatThrownBy(() -> TrainConfig.fromJson(json(text))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage(line);
    }

    @Test
    void aKeyLikeNoOtherListsTheKnownOnes() {
        assertThatThrownBy(() -> TrainConfig.fromJson(json("{'xyz': 1}")))
                .hasMessageStartingWith("unknown key 'xyz' in the training configuration; known keys: steps, rate, ");
    }

    @Test
    void theNearestNameIsTheOneWithFewestSlips() {
        List<String> mixers = List.of("softmax", "sigmoid-attention", "lightning-attention", "aaren");
        assertThat(NearestName.of("sofmax", mixers)).hasValue("softmax");
        assertThat(NearestName.of("SIGMOID_ATTENTION", mixers)).hasValue("sigmoid-attention");
        assertThat(NearestName.of("aaern", mixers)).hasValue("aaren");
        assertThat(NearestName.of("mamba", mixers)).isEmpty();
    }
}
