"""Ape and web3.py use the embedded chain as they would use Besu: nothing is set up for it."""

import os

import pytest
from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractLogicError
from web3.middleware import ExtraDataToPOAMiddleware

import ape
from harness import chain_probe
from tanlian_node.embedded import EmbeddedChain

ABI = [
    {
        "type": "function",
        "name": "add",
        "inputs": [{"name": "amount", "type": "uint256"}],
        "outputs": [],
        "stateMutability": "nonpayable",
    },
    {
        "type": "function",
        "name": "count",
        "inputs": [],
        "outputs": [{"name": "", "type": "uint256"}],
        "stateMutability": "view",
    },
    {
        "type": "event",
        "name": "Counted",
        "inputs": [{"name": "value", "type": "uint256", "indexed": False}],
        "anonymous": False,
    },
]
EMITTER_KEY = chain_probe.KEYS["emitter"]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    with EmbeddedChain(folder / "chain", interval=0, alloc=chain_probe.ALLOC) as running:
        yield running


@pytest.fixture(scope="module")
def provider(chain, tmp_path_factory):
    """Ape connected through our plugin, with a data folder of its own."""
    os.environ["APE_DATA_FOLDER"] = str(tmp_path_factory.mktemp("ape"))
    with ape.networks.parse_network_choice(
        "ethereum:embedded:tanlian", provider_settings={"uri": chain.url}
    ) as connected:
        yield connected


@pytest.fixture(scope="module")
def emitter():
    account = ape.accounts.test_accounts  # only to be sure that accounts are loaded
    assert account is not None
    return _KeyAccount(Account.from_key(EMITTER_KEY))


class _KeyAccount:
    """Signs with a key in memory and sends raw bytes, as our own scripts do."""

    def __init__(self, account):
        self.account = account
        self.address = account.address

    def send(self, provider, nonce, **fields):
        raw = chain_probe.sign(self.account, provider.chain_id, nonce, **fields)
        return provider.web3.eth.send_raw_transaction(raw)


def test_ape__blocks_receipts_logs_and_calls__as_on_besu(chain, provider, emitter):
    assert provider.chain_id == chain.chain_id
    assert provider.is_connected
    deployed = emitter.send(provider, 0, data=chain_probe.compiled(), gas=2_000_000)
    receipt = provider.get_receipt(deployed.to_0x_hex())
    assert not receipt.failed
    contract = ape.Contract(receipt.contract_address, abi=ABI)
    assert contract.count() == 0
    sent = emitter.send(
        provider, 1, to=contract.address, data=chain_probe.selector("add(uint256)", 5)
    )
    receipt = provider.get_receipt(sent.to_0x_hex())
    assert contract.count() == 1
    assert [log.value for log in receipt.decode_logs(contract.Counted)] == [1]
    block = provider.get_block("latest")
    assert block.number == receipt.block_number
    assert [tx.txn_hash.to_0x_hex() for tx in block.transactions] == [receipt.txn_hash]
    assert provider.get_nonce(emitter.address) == 2


def test_ape__reverting_call__gives_the_contracts_reason(chain, provider, emitter):
    contract = provider.web3.eth.contract(
        address=_first_contract(provider, emitter.address), abi=ABI
    )
    with pytest.raises(ContractLogicError, match="probe: amount too large"):
        contract.functions.add(5000).call({"from": emitter.address})
    handle = ape.Contract(contract.address, abi=ABI)
    with pytest.raises(ape.exceptions.ContractLogicError, match="probe: amount too large"):
        handle.add.estimate_gas_cost(5000, sender=emitter.address)


def test_ape__trace_of_a_reverted_transaction__shows_the_revert(chain, provider, emitter):
    to = _first_contract(provider, emitter.address)
    nonce = provider.get_nonce(emitter.address)
    data = chain_probe.selector("add(uint256)", 5000)
    sent = emitter.send(provider, nonce, to=to, data=data)
    trace = provider.get_transaction_trace(sent.to_0x_hex())
    frames = list(trace.get_raw_frames())
    assert frames[-1]["op"] == "REVERT"
    assert "probe: amount too large" in str(trace.revert_message)


def test_web3__plain_provider__sends_waits_and_reads(chain):
    w3 = Web3(Web3.HTTPProvider(chain.url))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    verifier = Account.from_key(chain_probe.KEYS["verifier"])
    transaction = {
        "from": verifier.address,
        "to": chain_probe.OUTSIDER.address,
        "value": 3,
        "nonce": w3.eth.get_transaction_count(verifier.address),
        "chainId": w3.eth.chain_id,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
    }
    transaction["gas"] = w3.eth.estimate_gas(transaction)
    signed = verifier.sign_transaction(transaction)
    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction)
    )
    assert receipt.status == 1
    assert w3.eth.get_balance(chain_probe.OUTSIDER.address) == 3
    assert w3.eth.fee_history(2, "latest", [50])["reward"] == [[0], [0]]
    assert w3.eth.get_proof(verifier.address, [0]).nonce == 1
    assert w3.eth.get_block(receipt.blockNumber, full_transactions=True).transactions[0].value == 3


def _first_contract(provider, deployer):
    from eth_utils import keccak, to_checksum_address
    from rlp import encode

    return to_checksum_address(keccak(encode([bytes.fromhex(deployer[2:]), 0]))[12:])
